// The benchmarks of payments: single ones over HTTP, a file of ACH entries from upload to posted,
// and the queue behind it all.

import { machine, resultOf, type BenchOptions, type Report } from '../report.ts';
import { benchAchFile, type AchFileScale } from './ach-file.ts';
import { benchHttpPayment, type HttpPaymentScale } from './http-payment.ts';
import { benchQueue, type QueueScale } from './queue.ts';

interface Scale {
  readonly http: HttpPaymentScale;
  readonly ach: AchFileScale;
  readonly queue: QueueScale;
}

const full: Scale = {
  http: { accounts: 10_000, durationMs: 8_000, runs: 3 },
  ach: { entries: 500_000, accounts: 10_000, runs: 3 },
  queue: { jobs: 100_000, waiting: 1_000_000, runs: 3 },
};
const quick: Scale = {
  http: { accounts: 1_000, durationMs: 1_500, runs: 1 },
  ach: { entries: 20_000, accounts: 1_000, runs: 1 },
  queue: { jobs: 10_000, waiting: 20_000, runs: 1 },
};

const HTTP_TARGET_PER_SECOND = 3_000;
const ACH_TARGET_PER_SECOND = 8_000;
const QUEUE_TARGET_PER_SECOND = 5_000;

export async function benchPayments(options: BenchOptions): Promise<Report> {
  const scale = options.isQuick ? quick : full;
  const wants = (name: string): boolean => options.only.length === 0 || options.only.includes(name);
  const results: Report['results'][number][] = [];
  const settings: Record<string, string | number | boolean> = {};
  if (wants('http_payment')) {
    const { run, paced } = await benchHttpPayment(scale.http, options.log);
    settings['http_paced_per_second'] = Math.round(paced.ratePerSecond);
    settings['http_paced_p99_ms'] = Math.round(paced.p99Ms * 100) / 100;
    const target = 'at least 3,000 a second, p99 under 50 ms at 1,000 a second; ratio to that';
    results.push(resultOf('http_payment', run, HTTP_TARGET_PER_SECOND, target));
  }
  if (wants('ach_file')) {
    const { run, memoryGrowthMib } = await benchAchFile(scale.ach, options.log);
    settings['ach_entries'] = scale.ach.entries;
    settings['ach_memory_growth_mib'] = memoryGrowthMib;
    const target = 'at least 8,000 entries a second, memory growth under 256 MiB; ratio to that';
    results.push(resultOf('ach_file', run, ACH_TARGET_PER_SECOND, target));
  }
  if (wants('queue')) {
    const { alone, grouped, behindMany, idle } = await benchQueue(scale.queue, options.log);
    settings['queue_grouped_per_second'] = Math.round(grouped.ratePerSecond);
    settings['queue_waiting'] = scale.queue.waiting;
    settings['queue_behind_waiting_per_second'] = Math.round(behindMany.ratePerSecond);
    settings['queue_idle_p99_ms'] = Math.round(idle.p99Ms * 100) / 100;
    const target = 'at least 5,000 jobs a second, durable at every step; ratio to that';
    results.push(resultOf('queue', alone, QUEUE_TARGET_PER_SECOND, target));
  }
  return { area: 'payments', machine: machine(), settings, results };
}
