// The thread that folds for snapshots: it keeps one state, answers each request, and ends when it
// is told to.

import { parentPort } from 'node:worker_threads';
import { assert } from '#kernel';
import type { FeatureState } from '../../features/engine.ts';
import { foldEntry } from '../fold.ts';
import { emptyState, restoreState } from './find.ts';
import type { FoldingAnswer, FoldingRequest } from './folding.ts';

const port = parentPort;
assert(port !== null, 'this file is a thread of whoever writes snapshots');

let features: FeatureState | undefined;

port.on('message', (request: FoldingRequest) => {
  port.postMessage(answerTo(request));
});

function answerTo(request: FoldingRequest): FoldingAnswer {
  if (request.what === 'open') {
    features = emptyState();
    return {};
  }
  if (request.what === 'restore') {
    const { buffer, byteOffset, byteLength } = request.content;
    const restored = restoreState(Buffer.from(buffer, byteOffset, byteLength));
    if (!restored.ok) return { reason: restored.refusal.message };
    features = restored.value;
    return {};
  }
  assert(features !== undefined, 'a state is opened before it is worked with');
  if (request.what === 'snapshot') return { content: features.snapshot() };
  for (const entry of request.entries) foldEntry(features, entry);
  return {};
}
