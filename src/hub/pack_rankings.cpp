// SPDX-License-Identifier: Apache-2.0
// Reads ranking.yaml and checks what it names against the rest of the pack (docs/packs.md, "Ranking").
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "hub/pack_reader.h"

namespace phendau::hub {

namespace {

std::set<std::string> features_of(const Pack& pack, const comply::ClausePart& part) {
  std::set<std::string> out;
  const auto add_rules = [&](const auto& rules, const std::string& ref) {
    for (const auto& rule : rules) {
      if (rule.is_called(ref)) out.insert(rule.features.begin(), rule.features.end());
    }
  };
  for (const auto& way : part.satisfied_by) {
    std::string name = way.ref;
    std::replace(name.begin(), name.end(), '_', '-');
    if (!name.empty()) out.insert(std::move(name));
    add_rules(pack.rules.rules, way.ref);
    add_rules(pack.rules.correlations, way.ref);
    add_rules(pack.posture_rules, way.ref);
  }
  return out;
}

}  // namespace

void PackReader::read_rankings(const std::string& pack_id, const std::string& path, const std::string& text) {
  pack_.rankings = comply::parse_rankings(text, pack_id + "/" + path, errors_);
  pack_.ranking_file = {pack_id, path, text};
}

void PackReader::check_rankings() {
  const auto& clauses = pack_.catalog.clauses;
  const auto names_one = [&](const std::string& pattern) {
    return std::any_of(clauses.begin(), clauses.end(), [&](const comply::Clause& clause) {
      return comply::names_clause(pattern, clause.id) ||
             std::any_of(clause.parts.begin(), clause.parts.end(),
                         [&](const auto& part) { return comply::names_clause(pattern, part.id); });
    });
  };
  std::set<std::string, std::less<>> features;
  for (const auto& clause : clauses) {
    for (const auto& part : clause.parts) {
      const auto own = features_of(pack_, part);
      features.insert(own.begin(), own.end());
      pack_.part_features.emplace(part.id, std::vector<std::string>(own.begin(), own.end()));
    }
  }
  for (const auto& ranking : pack_.rankings) {
    for (const auto& criterion : ranking.criteria) {
      const comply::RankingSource& source = criterion.source;
      for (const auto& pattern : source.clauses) {
        // A pack without clauses (the shared one) cannot know which there will be.
        if (!clauses.empty() && !names_one(pattern))
          error(criterion.place, fmt::format("no clause is named by '{}'", pattern));
      }
      for (const auto& feature : source.features) {
        if (!clauses.empty() && !features.contains(feature))
          error(criterion.place, fmt::format("no part has the feature '{}'", feature));
      }
      if (source.reg.empty()) continue;
      const RegisterKind* kind = pack_.reg(source.reg);
      if (kind == nullptr) {
        error(criterion.place, fmt::format("no register '{}'", source.reg));
        continue;
      }
      need_fields(criterion.place, *kind, source.where);
      need_fields(criterion.place, *kind, source.every);
      need_states(criterion.place, *kind, source.states);
    }
  }
}

}  // namespace phendau::hub
