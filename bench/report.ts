// Owns what a benchmark prints: the machine, the settings that matter, and a line for each result.
// With --json it is one object; every area prints the same shape.

import { readFileSync } from 'node:fs';
import os from 'node:os';
import type { Run } from './measure.ts';

export interface BenchOptions {
  /** Ends within 40 seconds: smaller, shorter, one run of each. */
  readonly isQuick: boolean;
  /** Run only these results; empty for all. */
  readonly only: readonly string[];
  /** Told of what is under way. */
  readonly log: (line: string) => void;
}

export interface BenchResult {
  readonly name: string;
  readonly rate_per_second: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  /** To the baseline named in the settings, measured in the same run. */
  readonly ratio: number;
  readonly target: string;
}

export interface Report {
  readonly area: string;
  readonly machine: Readonly<Record<string, string | number>>;
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  readonly results: readonly BenchResult[];
}

export function machine(): Report['machine'] {
  return {
    processor: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    memory_gib: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.platform()} ${os.release()}`,
    node: process.version,
  };
}

export function resultOf(name: string, run: Run, baseline: number, target: string): BenchResult {
  return {
    name,
    rate_per_second: Math.round(run.ratePerSecond),
    p50_ms: round(run.p50Ms),
    p99_ms: round(run.p99Ms),
    ratio: round(run.ratePerSecond / baseline),
    target,
  };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** Resident memory of a process in MiB, where the system tells. */
export function residentMib(pid: number): number | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const kib = /^VmHWM:\s+(\d+) kB/m.exec(status)?.[1];
    return kib === undefined ? undefined : Math.round(Number(kib) / 1024);
  } catch {
    return undefined;
  }
}

export function print(report: Report): void {
  console.log(`\n${report.area}`);
  for (const part of [report.machine, report.settings]) {
    console.log(
      `  ${Object.entries(part)
        .map(([key, value]) => `${key} ${value}`)
        .join(', ')}`,
    );
  }
  const head = ['result', 'per second', 'p50 ms', 'p99 ms', 'ratio', 'target'];
  const rows = report.results.map((result) => [
    result.name,
    result.rate_per_second.toLocaleString('en'),
    String(result.p50_ms),
    String(result.p99_ms),
    String(result.ratio),
    result.target,
  ]);
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  for (const row of [head, ...rows]) {
    const cells = row.map((cell, column) => {
      const width = widths[column] ?? 0;
      return column === 0 || column === 5 ? cell.padEnd(width) : cell.padStart(width);
    });
    console.log(`  ${cells.join('  ').trimEnd()}`);
  }
}
