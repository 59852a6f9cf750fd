#include "support/paths.hpp"

namespace atls::test {

const char* const kCorpusDir = ATLS_CORPUS;
const char* const kTestsDir = ATLS_TESTS;

}  // namespace atls::test
