// Renderers: pure functions from the report to text. Text is for people; JSON, JSON lines and JUnit are contracts.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>

#include "report/model.hpp"

namespace atls {

struct RenderOptions { bool color = false; bool brief = false; bool verbose = false; std::size_t width = 100; };

struct Renderer {
  std::string_view name;
  std::string (*render)(std::span<const Report> reports, const RenderOptions& options);
};
std::span<const Renderer> renderers();                  // text, json, jsonl, junit
const Renderer* find_renderer(std::string_view name);   // json: one object for one report, an array for several

nlohmann::ordered_json report_json(const Report& report);
nlohmann::ordered_json claim_json(const Claim& claim);
std::string render_claims_text(const Claim& root, const RenderOptions& options);
std::string render_claims_hex(const Claim& root, const RenderOptions& options);   // annotated hex view
std::string escape_control(std::string_view text);      // control characters and invalid UTF-8 from peers become \xNN

}  // namespace atls
