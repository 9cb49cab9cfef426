// The import of VPC flow logs: a stream that no file holds, normalised, archived, indexed and
// committed with fsync on. It must keep its pace and its memory, however long the stream is.

import { spawn } from 'node:child_process';
import path from 'node:path';
import { collect, type Collected } from '#audit';
import { loadConfig } from '#config';
import { openDatabase, openFolderObjects, systemClock, type TransactionContext } from '#platform';
import { removeFolder, temporaryFolder } from '../ledger-world.ts';
import { percentile, type Run } from '../measure.ts';

export interface CollectScale {
  readonly inputBytes: number;
}

export interface CollectBench {
  /** Lines a second of the whole import; the times are those of 4 MiB of input each. */
  readonly lines: Run;
  /** Lines a second of processor time of this process: what one core would do. */
  readonly linesPerCoreSecond: number;
  readonly lineCount: number;
  readonly inputBytes: number;
  /** The most that was resident up to a fifth of the stream, and after that, in MiB. */
  readonly earlyMib: number;
  readonly lateMib: number;
}

const STEP_BYTES = 4_194_304;
const EARLY_SHARE = 0.2;
const SAMPLE_MS = 50;
const MIB = 1_048_576;
/** Garbage that is not collected yet comes and goes. */
const GROWTH_MAX_MIB = 64;
/** Of a shorter stream, a fifth is over before everything that is kept has been met. */
const STEADY_BYTES_MIN = 500_000_000;

export async function benchCollect(
  { inputBytes }: CollectScale,
  log: (line: string) => void,
): Promise<CollectBench> {
  const folder = temporaryFolder();
  try {
    const { database: settings } = loadConfig({ FLORIN_DATA_DIR: path.join(folder, 'data') });
    const opened = await openDatabase({ ...settings, poolSize: 2 });
    try {
      const clock = systemClock();
      const objects = await openFolderObjects({ folder: path.join(folder, 'objects'), clock });
      const context = (): TransactionContext => ({
        now: clock.now(),
        actor: 'bench',
        correlationId: 'bench',
      });
      return await measure({ database: opened.database, objects, context }, inputBytes, log);
    } finally {
      await opened.close();
    }
  } finally {
    removeFolder(folder);
  }
}

async function measure(
  world: Parameters<typeof collect>[0],
  inputBytes: number,
  log: (line: string) => void,
): Promise<CollectBench> {
  const watch = new Watch(inputBytes, log);
  const source = path.join(import.meta.dirname, 'flow-source.ts');
  const child = spawn(process.execPath, [...process.execArgv, source, String(inputBytes)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const startedMs = performance.now();
    const before = process.cpuUsage();
    const input = { name: '-', isRepeatable: false, open: () => child.stdout };
    const answer = await collect(world, input, {
      format: 'vpc-flow',
      source: 'bench',
      retainDays: 0,
      onRead: (bytes) => watch.read(bytes),
    });
    if (!answer.ok) throw new Error(answer.refusal.message);
    const seconds = (performance.now() - startedMs) / 1_000;
    const used = process.cpuUsage(before);
    return resultOf(answer.value, { seconds, coreSeconds: (used.user + used.system) / 1e6, watch });
  } finally {
    watch.stop();
    child.kill();
  }
}

function resultOf(
  { counts, inputBytes }: Collected,
  measured: { readonly seconds: number; readonly coreSeconds: number; readonly watch: Watch },
): CollectBench {
  const { seconds, coreSeconds, watch } = measured;
  if (counts.kept + counts.duplicate !== counts.read) {
    throw new Error(`${counts.malformed} lines of the benchmark's own were malformed`);
  }
  const { earlyMib, lateMib, stepsMs } = watch;
  if (inputBytes >= STEADY_BYTES_MIN && lateMib > earlyMib + GROWTH_MAX_MIB) {
    throw new Error(`memory grew from ${earlyMib} MiB to ${lateMib} MiB while reading the stream`);
  }
  const sorted = stepsMs.toSorted((a, b) => a - b);
  return {
    lines: {
      ratePerSecond: counts.read / seconds,
      p50Ms: percentile(sorted, 0.5),
      p99Ms: percentile(sorted, 0.99),
    },
    linesPerCoreSecond: counts.read / coreSeconds,
    lineCount: counts.read,
    inputBytes,
    earlyMib,
    lateMib,
  };
}

/** Samples the resident memory, and times every few MiB of the stream. */
class Watch {
  readonly stepsMs: number[] = [];
  earlyMib = 0;
  lateMib = 0;
  readonly #inputBytes: number;
  readonly #log: (line: string) => void;
  readonly #timer: NodeJS.Timeout;
  #read = 0;
  #stepMs = performance.now();

  constructor(inputBytes: number, log: (line: string) => void) {
    this.#inputBytes = inputBytes;
    this.#log = log;
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MS);
  }

  read(bytes: number): void {
    const before = this.#read;
    this.#read += bytes;
    const tenths = (bytesRead: number): number => Math.floor((bytesRead * 10) / this.#inputBytes);
    if (tenths(before) !== tenths(this.#read)) {
      this.#log(`import_flow_logs: ${tenths(this.#read) * 10} %, ${residentNowMib()} MiB resident`);
    }
    if (Math.floor(before / STEP_BYTES) === Math.floor(this.#read / STEP_BYTES)) return;
    const nowMs = performance.now();
    this.stepsMs.push(nowMs - this.#stepMs);
    this.#stepMs = nowMs;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #sample(): void {
    const mib = residentNowMib();
    if (this.#read < this.#inputBytes * EARLY_SHARE) this.earlyMib = Math.max(this.earlyMib, mib);
    else this.lateMib = Math.max(this.lateMib, mib);
  }
}

function residentNowMib(): number {
  return Math.round(process.memoryUsage.rss() / MIB);
}
