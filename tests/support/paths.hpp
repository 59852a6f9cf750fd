// Where things are that tests read. Absolute paths stand in one object alone, so that every other one is the same in every clone and
// a compiler cache finds it.
#pragma once

namespace atls::test {

extern const char* const kCorpusDir;      // evidence corpus (build option); need not exist
extern const char* const kTestsDir;       // the folder tests/ of the sources

}  // namespace atls::test
