// What other contexts, the command line and the benchmarks may use of fraud detection.

/** What is screened, and the shapes of models. */
export type { FraudEvent, FraudLabel, KeyKind } from './event.ts';
export type { Classifier, Matrix, Training } from './matrix.ts';

/** Features: of any events one at a time, and of columns of card transactions. */
export { cardMatrix } from './cards/features.ts';
export { genericFeatures, handbookFeatures } from './cards/features.ts';
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
