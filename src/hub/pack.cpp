// SPDX-License-Identifier: Apache-2.0
// Loading in three passes: read all files of the pack and its imports (base first), parse each into the
// growing pack, then check the references between them. Parameters must be complete before rules are
// compiled, hence the order.
#include "hub/pack.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <set>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/json_schema.h"
#include "base/text.h"
#include "detect/compile.h"
#include "hub/pack_reader.h"
#include "hub/pack_terms.h"

namespace phendau::hub {
namespace {

bool is_yaml(std::string_view path) { return path.ends_with(".yaml") || path.ends_with(".yml"); }

/// All regular files below `folder`, by relative path. Hidden files and READMEs are no content.
Result<> collect(Env& env, const std::string& root, const std::string& relative, int depth, PackTree& out) {
  if (depth > kPackDepthMax)
    return fail(ErrorCode::limit, fmt::format("{}: folders nested too deeply", root), "pack.too_much",
                {root});
  const std::string folder = relative.empty() ? root : path_join(root, relative);
  for (const DirEntry& entry : PHENDAU_TRY(env.list(folder))) {
    if (entry.name.starts_with(".") || entry.name == "README.md" || entry.name.ends_with("~")) continue;
    const std::string path = relative.empty() ? entry.name : path_join(relative, entry.name);
    std::error_code ignored;
    if (std::filesystem::is_symlink(path_join(root, path), ignored)) {
      out.errors.push_back({out.id + "/" + path, 1, 1, "symbolic links are not allowed in a pack"});
      continue;
    }
    if (entry.is_directory) {
      PHENDAU_TRY(collect(env, root, path, depth + 1, out));
      continue;
    }
    if (out.files.size() >= kPackFilesMax)
      return fail(ErrorCode::limit, fmt::format("{}: too many files", root), "pack.too_much", {root});
    std::string bytes = PHENDAU_TRY(read_file(env, path_join(root, path), kPackFileBytesMax));
    out.size_bytes += bytes.size();
    if (out.size_bytes > kPackBytesMax)
      return fail(ErrorCode::limit, fmt::format("{}: the pack is too large", root), "pack.too_much", {root});
    out.files.emplace(path, std::move(bytes));
  }
  return {};
}

/// The canonical tree: a line "path size sha256" per file in path order, then a line per import.
std::string digest_of(const std::vector<PackTree>& trees) {
  std::string lines;
  for (const PackTree& tree : trees) {
    lines += fmt::format("pack {}\n", tree.id);
    for (const auto& [path, bytes] : tree.files)
      lines += fmt::format("{} {} {}\n", path, bytes.size(), sha256_hex(bytes));
  }
  return sha256_hex(lines);
}

std::string folder_name(const std::string& folder) {
  const auto path = std::filesystem::path(folder).lexically_normal();
  return path.has_filename() ? path.filename().string() : path.parent_path().filename().string();
}

/// The folder and, before it, everything it imports.
Result<> read_trees(Env& env, const std::string& folder, std::set<std::string>& seen,
                    std::vector<PackTree>& out) {
  PackTree tree;
  tree.id = folder_name(folder);
  if (!seen.insert(tree.id).second) return {};
  if (seen.size() > kPackImportsMax)
    return fail(ErrorCode::limit, "a pack may import at most 8 packs", "pack.too_many_imports");
  if (!env.exists(path_join(folder, "pack.yaml"))) {
    return fail(ErrorCode::not_found, fmt::format("{}: no pack here (pack.yaml is missing)", folder),
                "pack.none", {folder});
  }
  PHENDAU_TRY(collect(env, folder, "", 0, tree));
  std::vector<ContentError> ignored;  // reported when the file is parsed for good
  comply::ContentReader reader("pack.yaml", ignored);
  if (const auto document = reader.document(tree.files.at("pack.yaml")))
    tree.imports = document->texts("imports");
  const std::string parent = std::filesystem::path(folder).lexically_normal().string() + "/..";
  for (const auto& import : tree.imports) {
    if (!comply::is_content_name(import)) {
      tree.errors.push_back(
          {tree.id + "/pack.yaml", 1, 1, fmt::format("import '{}' is no name of a pack", import)});
      continue;
    }
    auto read = read_trees(env, path_join(std::filesystem::path(parent).lexically_normal().string(), import),
                           seen, out);
    if (read) continue;
    if (read.error().code != ErrorCode::not_found) return read;
    tree.errors.push_back(
        {tree.id + "/pack.yaml", 1, 1, fmt::format("import '{}' cannot be found beside it", import)});
  }
  out.push_back(std::move(tree));
  return {};
}

void parse_tree(PackReader& reader, const PackTree& tree) {
  const auto each = [&](std::string_view folder, auto&& read) {
    for (const auto& [path, text] : tree.files) {
      if (!path.starts_with(folder) || !is_yaml(path)) continue;
      if (folder == "rules/" && !path.ends_with(".yml"))
        continue;  // .yaml beside a rule: its samples and examples
      read(tree.id, path, text);
    }
  };
  const auto glossary = tree.files.find("glossary.yaml");
  if (glossary != tree.files.end()) reader.read_glossary(tree.id, glossary->first, glossary->second);
  const auto regimes = tree.files.find("regimes.yaml");
  if (regimes != tree.files.end()) reader.read_regimes(tree.id, regimes->first, regimes->second);
  const auto notices = tree.files.find("notices.yaml");
  if (notices != tree.files.end()) reader.read_notices(tree.id, notices->first, notices->second);
  const auto coordination = tree.files.find("coordination.yaml");
  if (coordination != tree.files.end())
    reader.read_coordination(tree.id, coordination->first, coordination->second);
  const auto ranking = tree.files.find("ranking.yaml");
  if (ranking != tree.files.end()) reader.read_rankings(tree.id, ranking->first, ranking->second);
  each("registers/", [&](auto& id, auto& path, auto& text) { reader.read_registers(id, path, text); });
  each("clauses/", [&](auto& id, auto& path, auto& text) { reader.read_clauses(id, path, text); });
  each("rules/", [&](auto& id, auto& path, auto& text) { reader.read_rules(id, path, text); });
  each("indicators/", [&](auto& id, auto& path, auto& text) { reader.read_indicator_rules(id, path, text); });
  each("workflows/", [&](auto& id, auto& path, auto& text) { reader.read_workflow(id, path, text); });
  each("sources/",
       [&](auto& id, auto& path, auto& text) { reader.keep(id, path, text, PackReader::Keep::source); });
  for (const auto& [path, text] : tree.files) {
    const std::string_view top = std::string_view(path).substr(0, path.find('/'));
    const bool known = top == "registers" || top == "clauses" || top == "rules" || top == "workflows" ||
                       top == "sources" || top == "indicators" || path == "pack.yaml" ||
                       path == "calendar.yaml" || path == "glossary.yaml" || path == "ranking.yaml" ||
                       path == "regimes.yaml" || path == "notices.yaml" || path == "coordination.yaml";
    if (!known) reader.keep(tree.id, path, text, PackReader::Keep::other);
  }
}

}  // namespace

Result<std::vector<PackTree>> read_pack_trees(Env& env, const std::string& folder) {
  std::set<std::string> seen;
  std::vector<PackTree> trees;
  PHENDAU_TRY(read_trees(env, folder, seen, trees));
  return trees;
}

const PackParameter* Pack::parameter(std::string_view name) const {
  for (const auto& one : parameters) {
    if (one.name == name) return &one;
  }
  return nullptr;
}

const RegisterKind* Pack::reg(std::string_view kind) const {
  for (const auto& one : registers) {
    if (one.spec.name == kind) return &one;
  }
  return nullptr;
}

const NoticeRule* Pack::notice(std::string_view notice_id) const {
  for (const auto& one : notices) {
    if (one.id == notice_id) return &one;
  }
  return nullptr;
}

const comply::Clause* Pack::clause(std::string_view clause_id) const {
  for (const auto& one : catalog.clauses) {
    if (one.id == clause_id) return &one;
  }
  return nullptr;
}

namespace {

/// What clauses ask for by type is offered by name where papers are entered: a type to which the register
/// gives no words is called as the clause that asks for it.
void name_document_types(Pack& pack) {
  const auto papers = std::find_if(pack.registers.begin(), pack.registers.end(),
                                   [](const RegisterKind& kind) { return kind.spec.name == "document"; });
  if (papers == pack.registers.end()) return;
  Json properties = papers->spec.schema["properties"];
  Json type = properties["type"];
  if (!type.is_object() || !type["enum"].is_null()) return;
  Json titles = type["x-titles-vi"].is_object() ? type["x-titles-vi"] : Json::object();
  for (const auto& clause : pack.catalog.clauses) {
    for (const auto& part : clause.parts) {
      for (const auto& way : part.satisfied_by) {
        if (way.kind == comply::SatisfierKind::document && !titles.contains(way.ref))
          titles.set(way.ref, clause.title.vi);
      }
    }
  }
  if (titles.members().empty()) return;
  type.set("x-titles-vi", std::move(titles));
  properties.set("type", std::move(type));
  papers->spec.schema.set("properties", std::move(properties));
}

LoadedPack parse_trees(const std::vector<PackTree>& trees, const PackOptions& options) {
  LoadedPack out;
  PackReader reader(out.pack, out.errors);
  for (const PackTree& tree : trees) {
    out.errors.insert(out.errors.end(), tree.errors.begin(), tree.errors.end());
    reader.read_pack_file(tree, tree.files.at("pack.yaml"), &tree == &trees.back());
    const auto calendar = tree.files.find("calendar.yaml");
    if (calendar != tree.files.end()) reader.read_calendar(tree.id, calendar->first, calendar->second);
  }
  reader.set_parameters(options.parameters);
  for (const PackTree& tree : trees) parse_tree(reader, tree);
  out.pack.digest = digest_of(trees);
  out.pack.catalog.pack_id = out.pack.id;
  for (auto& kind : out.pack.registers) kind.spec.pack = out.pack.reference();
  name_document_types(out.pack);
  reader.check_references();
  std::stable_sort(out.errors.begin(), out.errors.end(), [](const ContentError& a, const ContentError& b) {
    return std::tie(a.file, a.line, a.column) < std::tie(b.file, b.line, b.column);
  });
  return out;
}

struct KnownTerms {
  std::shared_ptr<const comply::ClausePart> part;
  UtcTime until;
};
using TermsByPart = std::map<std::string, KnownTerms, std::less<>>;

void link_earlier(const TermsByPart& known, comply::ClausePart& part) {
  const auto at = known.find(part.id);
  if (at == known.end()) return;
  const KnownTerms& before = at->second;
  part.earlier = same_terms(*before.part, part)
                     ? before.part->earlier
                     : std::optional(comply::EarlierTerms{before.until, before.part});
}

template <class Each>
void each_part(Pack& pack, Each each) {
  for (auto& clause : pack.catalog.clauses) {
    for (auto& part : clause.parts) each(part);
  }
}

/// Parts whose clocks or periods were others before get those as `earlier`, the newest change first.
void keep_earlier_terms(const std::vector<PackTree>& trees, const PackOptions& options, Pack& pack) {
  TermsByPart known;
  const auto keep = [&](comply::ClausePart& part, UtcTime until) {
    link_earlier(known, part);
    known.insert_or_assign(part.id, KnownTerms{std::make_shared<const comply::ClausePart>(part), until});
  };
  for (const auto& step : options.earlier) {
    if (step.terms.is_object()) {
      each_part(pack, [&](const comply::ClausePart& part) {
        if (auto then = with_terms(part, step.terms[part.id])) keep(*then, step.until);
      });
      continue;
    }
    PackOptions then;
    then.parameters = step.parameters;
    LoadedPack old = parse_trees(trees, then);
    each_part(old.pack, [&](comply::ClausePart& part) { keep(part, step.until); });
    pack.earlier_workflows.push_back({step.until, std::move(old.pack.workflow_files)});
  }
  each_part(pack, [&](comply::ClausePart& part) { link_earlier(known, part); });
}

}  // namespace

Result<LoadedPack> load_pack(Env& env, const std::string& folder, const PackOptions& options) {
  const std::vector<PackTree> trees = PHENDAU_TRY(read_pack_trees(env, folder));
  LoadedPack out = parse_trees(trees, options);
  keep_earlier_terms(trees, options, out.pack);
  return out;
}
Result<Pack> load_valid_pack(Env& env, const std::string& folder, const PackOptions& options) {
  LoadedPack loaded = PHENDAU_TRY(load_pack(env, folder, options));
  if (loaded.ok()) return std::move(loaded.pack);
  constexpr std::size_t kShownMax = 10;
  std::vector<std::string> lines;
  for (const auto& error : loaded.errors) {
    if (lines.size() < kShownMax) lines.push_back(error.to_string());
  }
  if (loaded.errors.size() > kShownMax) lines.push_back(fmt::format("... {} in all", loaded.errors.size()));
  return fail(ErrorCode::invalid, fmt::format("the pack in {} has mistakes:\n{}", folder, join(lines, "\n")),
              "pack.has_mistakes", {folder, std::to_string(loaded.errors.size()), lines.front()});
}

Result<std::vector<ContentError>> run_posture_examples(Env& env, const std::string& folder,
                                                       std::size_t& count) {
  const Pack pack = PHENDAU_TRY(load_valid_pack(env, folder));
  const std::vector<PackTree> trees = PHENDAU_TRY(read_pack_trees(env, folder));
  std::vector<ContentError> errors;
  count = 0;
  for (const PackTree& tree : trees) {
    for (const auto& [path, text] : tree.files) {
      if (!path.starts_with("rules/") || !path.ends_with(kTestsSuffix)) continue;
      for (const auto& example : parse_posture_examples(text, tree.id + "/" + path, errors)) {
        ++count;
        const comply::Place& at = example.place;
        const auto rule = pack.catalog.posture_rules.find(example.rule);
        if (rule == pack.catalog.posture_rules.end()) {
          errors.push_back({at.file, at.line, at.column, fmt::format("no posture rule '{}'", example.rule)});
          continue;
        }
        const auto got =
            comply::judge_posture(rule->second, example.fact ? &*example.fact : nullptr, example.now);
        if (got.status == example.expected) continue;
        errors.push_back(
            {at.file, at.line, at.column,
             fmt::format("'{}': expected {}, got {} ({})", example.name, to_string(example.expected),
                         to_string(got.status), comply::explain(Lang::en, got.reason))});
      }
    }
  }
  return errors;
}

}  // namespace phendau::hub
