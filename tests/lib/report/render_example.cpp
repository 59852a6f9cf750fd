// render-example NAME FORMAT [brief|verbose|color]: an example report on standard output, for the golden test.
// render-example --claims|--hex: its claim tree.
#include <cstdio>
#include <string>

#include "lib/report/examples.hpp"
#include "report/render.hpp"

int main(int argc, char** argv) {
  const std::string name = argc > 1 ? argv[1] : "", format = argc > 2 ? argv[2] : "", how = argc > 3 ? argv[3] : "";
  const atls::RenderOptions options{.color = how == "color", .brief = how == "brief", .verbose = how == "verbose", .width = 100};
  const auto reports = atls::examples::reports(name);
  if (reports.empty()) return 1;
  std::string out;
  if (format == "claims") out = atls::render_claims_text(reports[0].evidence.at(0).claims, options);
  else if (format == "hex") out = atls::render_claims_hex(reports[0].evidence.at(0).claims, options);
  else if (const atls::Renderer* renderer = atls::find_renderer(format)) out = renderer->render(reports, options);
  else return 1;
  std::fwrite(out.data(), 1, out.size(), stdout);
  return 0;
}
