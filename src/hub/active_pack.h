// SPDX-License-Identifier: Apache-2.0
// The pack in force with everything made from it: compiled detection plan, correlation rules, workflow
// definitions, the upload guard's policy. Loaded at start; immutable afterwards (a change of packs is a
// ledger decision and a restart). Thread-safe because it does not change.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "detect/correlation.h"
#include "detect/plan.h"
#include "hub/pack.h"
#include "hub/paper_kinds.h"
#include "hub/password.h"
#include "hub/upload_guard.h"
#include "ingest/decoder.h"
#include "workflow/run.h"

namespace phendau::hub {

/// A workflow with the text that it was read from, parameters filled in.
struct KnownWorkflow {
  std::shared_ptr<const workflow::Definition> definition;
  std::string text;
  std::string name;  // definition_name()
};
/// "incident.0123456789abcdef": the id, and what its text is known by.
std::string definition_name(std::string_view workflow_id, std::string_view text);

class ActivePack {
 public:
  /// Makes a pack ready as far as it can be; its mistakes are added to `errors`. Rules that cannot be
  /// honoured are in rejected() instead, for the others still work.
  static ActivePack build(Pack pack, std::vector<ContentError>& errors, const PackOptions& options = {});
  /// `invalid` with the first mistakes of the pack.
  /// @param options values that the installation set, and those that counted before (province_settings.h).
  static Result<ActivePack> load(Env& env, const std::string& folder, const PackOptions& options = {});

  const Pack& pack() const { return pack_; }
  const detect::Plan& plan() const { return plan_; }
  /// With `agency` in front of every group-by: state and alerts never cross agencies.
  const std::vector<detect::CorrelationRule>& correlations() const { return correlations_; }
  const std::vector<detect::SilenceRule>& silences() const { return pack_.rules.silences; }
  /// Rules that could not be honoured, with file and reason.
  const std::vector<ContentError>& rejected() const { return rejected_; }
  /// Rules and filters that are allowed, but hardly mean what their author thinks.
  const std::vector<ContentError>& warnings() const { return warnings_; }
  const workflow::Definition* workflow(std::string_view id) const;
  /// As it is now, or as the parameters were when a case was opened.
  const KnownWorkflow* known_workflow(std::string_view id,
                                      std::optional<UtcTime> opened_at = std::nullopt) const;
  /// Clocks of a case, with the pack's calendar and tables of the law.
  std::vector<workflow::ClockState> clocks_of(const workflow::Definition& definition,
                                              const workflow::CaseState& state, UtcTime now) const;
  const UploadPolicy& upload_policy() const { return upload_policy_; }
  /// Papers that can be made, by id.
  const std::vector<PaperTemplate>& papers() const { return papers_; }
  const PaperTemplate* paper(std::string_view id) const;
  /// From the pack's parameters: the strictest rule for the hub's own accounts.
  PasswordRule password_rule() const;
  /// Title of any rule (event, correlation, silence) by id, for people.
  const detect::RuleMeta* rule(std::string_view id) const;
  /// YAML text of the file that a rule came from.
  std::string rule_source(std::string_view id) const;

  /// A plan over `rules` with this pack's source map: for `phendau scan` and explanations.
  const detect::SourceMap& sources() const { return sources_; }
  /// The pack's parameters as rules take them.
  const detect::CompileOptions& compile_options() const { return options_; }
  /// A plan over the pack's log sources, kept for the next start. `rejected` as of CompiledRules::plan_of().
  detect::Plan compile(std::vector<detect::Rule> rules, std::vector<ContentError>& rejected) const;

 private:
  Pack pack_;
  detect::SourceMap sources_;
  detect::CompileOptions options_;
  detect::Plan plan_;
  std::shared_ptr<CompiledRules> compiled_rules_;
  std::vector<detect::CorrelationRule> correlations_;
  std::vector<ContentError> rejected_;
  std::vector<ContentError> warnings_;
  using Workflows = std::map<std::string, KnownWorkflow, std::less<>>;
  static void read_workflow(const std::string& text, const std::string& file, Workflows& into,
                            std::vector<ContentError>& errors);
  void check_workflows(std::vector<ContentError>& errors) const;
  void check_effects(const PackFile& file, const workflow::Definition& definition,
                     std::vector<ContentError>& errors) const;
  std::optional<workflow::Due> due_of(const workflow::Clock& clock, UtcTime from) const;

  Workflows workflows_;
  std::vector<std::pair<UtcTime, Workflows>> earlier_workflows_;  // oldest first; until when they held
  UploadPolicy upload_policy_;
  std::vector<PaperTemplate> papers_;
};

/// What decoders take; views into `sources`.
std::vector<ingest::ChannelLogsource> channel_table(const detect::SourceMap& sources);

}  // namespace phendau::hub
