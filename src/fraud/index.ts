// What other contexts, the command line and the benchmarks may use of fraud detection.

/** What is screened, and the shapes of models. */
export type { FraudEvent, FraudLabel, KeyKind } from './event.ts';
export type { Classifier, Matrix, Training } from './matrix.ts';

/** Features: of any events one at a time, and of columns of card transactions. */
export { cardMatrix } from './cards/features.ts';
export { genericFeatures, handbookFeatures, widerFeatures } from './cards/features.ts';
export { readColumns } from './cards/transactions.ts';
export type { Transactions } from './cards/transactions.ts';
export { openFeatures } from './features/engine.ts';
export type { FeatureCounts, FeatureOptions, FeatureState } from './features/engine.ts';
export { restoreFeatures } from './features/restore.ts';

/** Models. */
export { calibrated, calibrationOf } from './model/calibrate.ts';
export type { Calibration } from './model/calibrate.ts';
export { trainedOn } from './model/card.ts';
export type { ModelCard, ModelMetric } from './model/card.ts';
export { driftReference } from './model/drift.ts';
export { explainExactly, explainPath } from './model/explain.ts';
export { modelVersion, parseModel, serializeModel } from './model/trees/model-file.ts';
export type { FraudModel } from './model/trees/model-file.ts';
export type { BoostedTreesParameters } from './model/trees/parameters.ts';
export { trainBoostedTrees } from './model/trees/train.ts';
export type { BoostedTrees } from './model/trees/trees.ts';

/** Rules, their reasons and their back-tests. */
export { openReasonTeller, reasons } from './reasons.ts';
export type { ReasonShare } from './reasons.ts';
export type { BackTestReport, BackTestSets } from './rules/back-test.ts';
export { backTestCards } from './rules/back-test/cards.ts';
export type { CardHistory } from './rules/back-test/cards.ts';
export { formatBackTest } from './rules/back-test/text.ts';
export { compile as compileRules } from './rules/engine.ts';
export { openLists } from './rules/lists.ts';
export { parseRuleSet } from './rules/parse.ts';
export type { RuleSet } from './rules/rule-set.ts';

/** Figures for a person. */
export { textTable } from './text-table.ts';

/** The protocol that models are judged by. */
export { cardPrecisionCeiling, cardsPerDay, metricsOf } from './evaluate/metrics.ts';
export type { Metrics } from './evaluate/metrics.ts';
export { judgedRows, rowsOfHistory, spreadOf } from './evaluate/prequential.ts';
export type { History } from './evaluate/prequential.ts';
export { labelsAt, rowsOfPlans, splitBy } from './evaluate/splits.ts';
export type { Split, SplitPlan } from './evaluate/splits.ts';

/** Invented transactions, and files of days. */
export type { PatternStarts } from './generator/campaigns.ts';
export { columnsStart, writeColumns } from './generator/columns.ts';
export { generateFacts } from './generator/events.ts';
export type { GeneratedLabel } from './generator/events.ts';
export { allPatterns, generateTransactions } from './generator/generate.ts';
export type { GeneratorOptions } from './generator/generate.ts';
export { fraudPatternNames, fraudPatterns, patternOf } from './generator/patterns.ts';
export type { FraudPattern } from './generator/patterns.ts';
export { lakeEvents, lakeLabels } from './lake/events.ts';
export { readLakeTransactions } from './lake/transactions.ts';
export { openLakeWriter } from './lake/write.ts';

/** The lake of the bank's own decisions: fed from the log, made compact, copied, learnt from. */
export { backTestLake } from './lake/kept/back-test.ts';
export { compactLake } from './lake/upkeep/compact.ts';
export { compactLakes } from './lake/upkeep/tenants.ts';
export { copyOut } from './lake/upkeep/copy-out.ts';
export type { CopyTarget } from './lake/upkeep/copy-out.ts';
export { readLakeHistory } from './lake/kept/history.ts';
export { lakeOf, tableStates } from './lake/layout.ts';
export type { LakeObjects, LakeReading, TableState } from './lake/layout.ts';
export { countBacklog } from './lake/lake-store.ts';
export { feedLake } from './lake/stream.ts';
export { openThread } from './apart/thread.ts';
export type { FraudThread } from './apart/thread.ts';
export type { Connection as ThreadConnection } from './apart/task.ts';

/** Screening: what is asked and what is answered. */
export { assess } from './screening/assess.ts';
export { screeningActions } from './screening/audit-actions.ts';
export type { Judged, ScreeningItem, Verdict } from './screening/item.ts';
export { openScreening } from './open.ts';
export type { Screening } from './open.ts';
export { nothingToKeep } from './screening/keep.ts';
export type { Keeping } from './screening/keep.ts';
export { openScreener } from './screening/open.ts';
export type { Screener, ScreenerOptions } from './screening/open.ts';
export { paymentFeatures } from './screening/payment-features.ts';

/** The log that the state of screening is folded from. */
export { decisionRoutes } from './log/http/decision-routes.ts';
export type { DecisionsEdge } from './log/http/edge.ts';
export { decisionRefusals } from './log/refusals.ts';
export { replayDecisions } from './log/replay/replay.ts';
export type { ReplayDifference, ReplayReport } from './log/replay/replay.ts';
export { decisionSources } from './log/sources/sources.ts';
export { annulLater } from './log/annulment/annul.ts';
export { fraudLogSubscription } from './log/subscription.ts';

/** What screening runs by: rules, lists, models and policies, and how they change. */
export { registryActions } from './registry/audit-actions.ts';
export { contestOf } from './registry/contest/contest.ts';
export type { RegistryEdge } from './registry/http/edge.ts';
export { registryRoutes } from './registry/http/routes.ts';
export { readInForce } from './registry/store/in-force.ts';
export { putListEntries, takeListEntries } from './registry/list-entries.ts';
export { listKinds, openListNames } from './registry/http/list-names.ts';
export type { ListKind } from './registry/http/list-names.ts';
export { addModel, promoteModel, readNewModel, retireModel } from './registry/models.ts';
export { setChallenger } from './registry/models.ts';
export { openRegistry } from './registry/open.ts';
export type { Registry } from './registry/open.ts';
export { registryRefusals } from './registry/refusals.ts';
export { activateRuleSet, createRuleSet } from './registry/rule-sets.ts';
export { registrySources } from './registry/sources/sources.ts';
export { starterRules } from './registry/starter-rules.ts';
export { listEntries } from './registry/store/list-store.ts';
export { listModels } from './registry/store/model-store.ts';
export { findRuleSet, listRuleSets } from './registry/store/rule-set-store.ts';
export { listPurposes } from './rules/rule-set.ts';
export type { ListPurpose } from './rules/rule-set.ts';

/** Cases: alerts that people work through, what they find out, and what is filed of it. */
export type { Alert } from './cases/alerts/alert.ts';
export { listAlerts } from './cases/alerts/alert-store.ts';
export { fraudCasesSubscription } from './cases/cases-subscription.ts';
export { caseOutcomes, caseStates } from './cases/case.ts';
export type { Case, CaseEntry } from './cases/case.ts';
export { listCases, selectCases } from './cases/case-store.ts';
export { closeCase } from './cases/close.ts';
export { documentCases } from './cases/search/catch-up.ts';
export { findCases } from './cases/search/find.ts';
export type { CasesEdge } from './cases/http/edge.ts';
export { caseRoutes } from './cases/http/routes.ts';
export { selectEntries } from './cases/journal/journal-store.ts';
export { measureCases } from './cases/measure.ts';
export { runCaseClock } from './cases/overdue.ts';
export { fraudCaseRefusals } from './cases/refusals.ts';
export { makeReport } from './cases/reports/make.ts';
export { findDocument } from './cases/reports/report-store.ts';
export { textOfDocument } from './cases/reports/text.ts';
export { fraudCaseSources } from './cases/sources/sources.ts';
export { assignCase, claimNextCase, noteOnCase } from './cases/work.ts';
export { labelDecisions } from './labels/labels.ts';
