// The audit log's benchmark: records inside ledger transactions with the sequencer and the indexer
// at work, the way from commit to proof, proofs from a log of ten million, verification, and the
// import of flow logs. PostgreSQL has fsync on throughout; each ratio says what it is to.

import { benchCollect } from './collect.ts';
import { benchProof } from './proof.ts';
import { benchRecord } from './record.ts';
import { benchVerify } from './verify.ts';
import { machine, resultOf, type BenchOptions, type BenchResult, type Report } from '../report.ts';

type Settings = Record<string, string | number>;

const RECORD = { accounts: 100_000, durationMs: 8_000, runs: 3 };
const RECORD_QUICK = { accounts: 10_000, durationMs: 1_200, runs: 1 };
const PROOF = { leaves: 10_000_000, durationMs: 8_000, runs: 3 };
const PROOF_QUICK = { leaves: 300_000, durationMs: 1_200, runs: 1 };
const VERIFY = { accounts: 10_000, leaves: 1_000_000, runs: 3 };
const VERIFY_QUICK = { accounts: 1_000, leaves: 30_000, runs: 1 };
const COLLECT = { inputBytes: 1_073_741_824 };
const COLLECT_QUICK = { inputBytes: 33_554_432 };

/** What the issue asks for, so that a ratio of 1 is the target met. */
const PROOFS_TARGET = 500;
const LEAVES_TARGET = 200_000;
const LINES_TARGET = 50_000;

export async function benchAudit({ isQuick, only, log }: BenchOptions): Promise<Report> {
  const wants = (name: string): boolean => only.length === 0 || only.includes(name);
  const settings: Settings = { fsync: 'on', synchronous_commit: 'on' };
  const results: BenchResult[] = [];
  const add = async (name: string, measure: () => Promise<BenchResult>): Promise<void> => {
    if (!wants(name)) return;
    log(name);
    results.push(await measure());
  };
  await add('record', () => record(isQuick, settings, log));
  await add('proof', () => proof(isQuick, settings, log));
  await add('verify', () => verify(isQuick, settings, log));
  await add('import_flow_logs', () => importFlowLogs(isQuick, settings, log));
  return { area: 'audit', machine: machine(), settings, results };
}

async function record(
  isQuick: boolean,
  settings: Settings,
  log: (line: string) => void,
): Promise<BenchResult> {
  const found = await benchRecord(isQuick ? RECORD_QUICK : RECORD, log);
  settings['ledger_without_log_per_second'] = Math.round(found.withoutLog);
  settings['making_a_record_us'] = Math.round(found.makingUs * 100) / 100;
  settings['caught_up_after_ms'] = Math.round(found.caughtUpMs);
  const { recorded, provableP50Ms: p50Ms, provableP99Ms: p99Ms, withoutLog } = found;
  const target =
    'at least 5,000 records a second in ledger batches of 1,000; ratio to the ledger without a ' +
    'log at least 0.75; times are from commit to proof, p99 under 1,000';
  return resultOf('record', { ...recorded, p50Ms, p99Ms }, withoutLog, target);
}

async function proof(
  isQuick: boolean,
  settings: Settings,
  log: (line: string) => void,
): Promise<BenchResult> {
  const { proofs, leaves } = await benchProof(isQuick ? PROOF_QUICK : PROOF, log);
  settings['proof_leaves'] = leaves;
  settings['proof_mean_ms'] = Math.round(100_000 / proofs.ratePerSecond) / 100;
  const target = 'an inclusion proof under 2 ms with 10 million leaves; ratio to 500 a second';
  return resultOf('proof', proofs, PROOFS_TARGET, target);
}

async function verify(
  isQuick: boolean,
  settings: Settings,
  log: (line: string) => void,
): Promise<BenchResult> {
  const found = await benchVerify(isQuick ? VERIFY_QUICK : VERIFY, log);
  settings['verify_leaves'] = found.leaves;
  settings['reconciled_per_second'] = Math.round(found.reconciledPerSecond);
  settings['verify_memory_mib'] = found.residentMib;
  const target = 'at least 200,000 leaves a second; ratio to that; times of a whole verification';
  return resultOf('verify', found.verified, LEAVES_TARGET, target);
}

async function importFlowLogs(
  isQuick: boolean,
  settings: Settings,
  log: (line: string) => void,
): Promise<BenchResult> {
  const found = await benchCollect(isQuick ? COLLECT_QUICK : COLLECT, log);
  settings['flow_lines'] = found.lineCount;
  settings['flow_lines_per_core_second'] = Math.round(found.linesPerCoreSecond);
  settings['flow_memory_early_mib'] = found.earlyMib;
  settings['flow_memory_late_mib'] = found.lateMib;
  const target =
    'at least 50,000 lines a second on one core, constant memory on 1 GB; ratio to that; times ' +
    'of 4 MiB of input each';
  return resultOf('import_flow_logs', found.lines, LINES_TARGET, target);
}
