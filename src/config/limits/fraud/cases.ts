// Limits of the cases that people work through, of labels and of the documents that are filed.

import { limit, type LimitTable } from '../../limit.ts';

export const fraudCaseLimits = {
  fraudCaseUrgentMinutes: limit(60, 'minutes', 'in which an urgent case is to be closed'),
  fraudCaseHighMinutes: limit(240, 'minutes', 'in which a case of high priority is to be closed'),
  fraudCaseNormalMinutes: limit(1_440, 'minutes', 'in which any other case is to be closed'),
  fraudCaseLargeAmount: limit(
    1_000_000,
    'hundredths of a unit',
    'of whatever currency, from which an alert has the next higher priority',
  ),
  fraudCaseWaitDaysMax: limit(60, 'days', 'that a case may be left waiting at a time'),
  fraudCaseNoteLengthMax: limit(10_000, 'characters', 'of a note on a case'),
  fraudCasesToldMax: limit(500, 'cases', 'that one transaction wakes, or tells to be overdue'),
  fraudCasesDocumentedMax: limit(200, 'cases', 'of a tenant made findable by their alerts at once'),
  fraudAlertsLookedThroughMax: limit(100_000, 'alerts', 'looked through for one page of a search'),
  fraudSnoozeDaysMax: limit(90, 'days', 'that alerts may be snoozed for'),
  fraudLabelsMax: limit(1_000, 'labels', 'in one request'),
  fraudLabelledAtOnceMax: limit(2_000, 'decisions', 'that one statement labels'),
  fraudReportDecisionsMax: limit(10_000, 'decisions', 'in one document that is filed'),
  fraudReportNarrativeLengthMax: limit(20_000, 'characters', 'of the narrative of a document'),
} as const satisfies LimitTable;
