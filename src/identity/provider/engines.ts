// Keeps the provider's engine in step with the signing keys: the keys are read again every few
// seconds while there are requests, and when another key's time has come another engine signs. A
// request that is under way ends with the engine it began with.

import { limits } from '#config';
import type { Clock } from '#kernel';
import { openProviderEngine, type Database, type ProviderEngine } from '#platform';
import { loadSigningKeys, type LoadedSigningKey } from '../signing-keys/rotate.ts';
import { publishedAt } from '../signing-keys/signing-key.ts';

type EngineOptions = Omit<Parameters<typeof openProviderEngine>[0], 'keys'>;

const FRESH_MS = limits.identitySigningKeysFreshMs.value;

export interface Engines {
  current(): Promise<ProviderEngine>;
}

export function openEngines(database: Database, clock: Clock, options: EngineOptions): Engines {
  let keys: readonly LoadedSigningKey[] = [];
  let readAtMs = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;
  let opened: { readonly kids: string; readonly engine: ProviderEngine } | undefined;

  const read = async (): Promise<void> => {
    const startedAtMs = performance.now();
    keys = await loadSigningKeys(database, clock.now());
    readAtMs = startedAtMs;
  };
  const refresh = async (): Promise<void> => {
    if (performance.now() - readAtMs < FRESH_MS) return;
    reading ??= read().finally(() => (reading = undefined));
    await reading;
  };
  return {
    async current() {
      await refresh();
      const published = publishedAt(keys, clock.now());
      const kids = published.map(({ kid }) => kid).join(' ');
      if (opened?.kids !== kids) {
        const engine = openProviderEngine({
          ...options,
          keys: published.map(({ privateJwk }) => privateJwk),
        });
        opened = { kids, engine };
      }
      return opened.engine;
    },
  };
}
