// Limits of the models that fraud is screened with.

import { limit, type LimitTable } from '../../limit.ts';

export const fraudModelLimits = {
  fraudModelBytesMax: limit(67_108_864, 'bytes', 'of a model as stored; a larger one is refused'),
  fraudModelTreesMax: limit(10_000, 'trees', 'of one model'),
  fraudModelDepthMax: limit(16, 'questions', 'that a tree asks of a row at most'),
  fraudModelColumnsMax: limit(250, 'columns', 'features that one model is trained on'),
  fraudModelRowsMax: limit(
    50_000_000,
    'rows',
    'to train on; so many keep the sums of gradients exact and the bins within memory',
  ),
} as const satisfies LimitTable;
