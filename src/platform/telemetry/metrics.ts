// Owns the metrics registry, kept by prom-client. Each registry is its own, so that two servers in
// one process (as in tests) do not meet.
import * as prometheus from 'prom-client';
import type { Counter, Histogram, Labels, Metrics, Series } from './port.ts';

export interface MetricsOptions {
  /** Whether the process's own memory, CPU and event loop are measured too. */
  readonly isProcessMeasured: boolean;
}

export function openMetrics(options: MetricsOptions): Metrics {
  const registry = new prometheus.Registry();
  if (options.isProcessMeasured) prometheus.collectDefaultMetrics({ register: registry });
  return {
    contentType: registry.contentType,
    report: () => registry.metrics(),
    counter: <Label extends string>(series: Series<Label>) => openCounter(registry, series),
    histogram: <Label extends string>(
      series: Series<Label> & { readonly buckets: readonly number[] },
    ) => openHistogram(registry, series),
    gauge: (series, read) => {
      const gauge: prometheus.Gauge = new prometheus.Gauge({
        name: series.name,
        help: series.help,
        registers: [registry],
        collect: async () => {
          // A reading that fails must not hide all the others.
          gauge.set(
            await Promise.resolve()
              .then(read)
              .catch(() => Number.NaN),
          );
        },
      });
    },
    gauges: (series, read) => {
      const gauge: prometheus.Gauge = new prometheus.Gauge({
        ...describe(series),
        registers: [registry],
        collect: () => {
          gauge.reset();
          try {
            for (const { labels, value } of read()) gauge.set(labels, value);
          } catch {
            // A series without a value is seen; a report that fails hides all the others.
          }
        },
      });
    },
  };
}

function openCounter<Label extends string>(
  registry: prometheus.Registry,
  series: Series<Label>,
): Counter<Label> {
  const counter = new prometheus.Counter({ ...describe(series), registers: [registry] });
  return {
    add: (count: number, labels?: Labels<Label>) => {
      if (labels === undefined) counter.inc(count);
      else counter.inc(labels, count);
    },
  };
}

function openHistogram<Label extends string>(
  registry: prometheus.Registry,
  series: Series<Label> & { readonly buckets: readonly number[] },
): Histogram<Label> {
  const buckets = [...series.buckets];
  const histogram = new prometheus.Histogram({
    ...describe(series),
    buckets,
    registers: [registry],
  });
  return {
    observe: (value: number, labels?: Labels<Label>) => {
      if (labels === undefined) histogram.observe(value);
      else histogram.observe(labels, value);
    },
    of: (labels: Labels<Label>) => {
      const bound = histogram.labels(labels);
      return {
        observe: (value) => {
          bound.observe(value);
        },
      };
    },
  };
}

function describe<Label extends string>(
  series: Series<Label>,
): {
  name: string;
  help: string;
  labelNames: Label[];
} {
  return { name: series.name, help: series.help, labelNames: [...(series.labels ?? [])] };
}
