// Owns the formats of logs: what an operator may say of each, and which reader reads it.

import { accept, type Result } from '#kernel';
import { canonical, type Json } from '../canonical.ts';
import type { AuditRefusal } from '../refusals.ts';
import { LogEvents } from './application/log-event.ts';
import { defaultLogFields, parseLogFields, type LogFields } from './application/log-fields.ts';
import { LogReader } from './application/log-reader.ts';
import { CloudTrailEvents } from './aws/cloudtrail-event.ts';
import { CloudTrailReader } from './aws/cloudtrail-reader.ts';
import { CloudWatchReader, type InnerFormat } from './aws/cloudwatch-reader.ts';
import type { LogFormat } from './collect-store.ts';
import { Enricher } from './enrich/enricher.ts';
import type { EnrichmentLists } from './enrich/lists.ts';
import type { Origin } from './event.ts';
import { FlowEvents } from './flow/flow-event.ts';
import { parseFlowFormat, type FlowFormat } from './flow/flow-format.ts';
import { FlowFormats, FlowReader } from './flow/flow-reader.ts';
import type { Reader } from './reader.ts';
import type { Sink } from './sink.ts';

export const logFormats: readonly LogFormat[] = ['cloudtrail', 'cloudwatch', 'jsonl', 'vpc-flow'];
export const innerFormats: readonly InnerFormat[] = [
  'auto',
  'cloudtrail',
  'jsonl',
  'text',
  'vpc-flow',
];

/** How the lines of a log are laid out, where they do not say it themselves. */
export interface LayoutOptions {
  /** Of flow lines: "${version} ${account-id} …", or "v5". */
  readonly formatLine?: string | undefined;
  /** Of applications' lines: names of members by meaning. */
  readonly fields?: Json | undefined;
  /** Of the messages in records of CloudWatch Logs; each decides unless given. */
  readonly inner?: InnerFormat | undefined;
}

export interface Layout {
  /** All of it as a text, by which two imports of a file are the same. */
  readonly text: string;
  readonly flowFormat: FlowFormat | undefined;
  readonly fields: LogFields;
  readonly inner: InnerFormat;
}

export function readLayout(
  options: LayoutOptions,
): Result<Layout, AuditRefusal<'flow_format_invalid' | 'log_fields_invalid'>> {
  const { formatLine, fields: given, inner = 'auto' } = options;
  const flowFormat = formatLine === undefined ? undefined : parseFlowFormat(formatLine);
  if (flowFormat?.ok === false) return flowFormat;
  const fields = given === undefined ? undefined : parseLogFields(given);
  if (fields?.ok === false) return fields;
  const said = {
    fields: given,
    flow: flowFormat?.value.names.join(' '),
    inner: inner === 'auto' ? undefined : inner,
  };
  return accept({
    text: Object.values(said).every((one) => one === undefined) ? '' : canonical(said),
    flowFormat: flowFormat?.value,
    fields: fields?.value ?? defaultLogFields,
    inner,
  });
}

export function openReader(
  format: LogFormat,
  given: {
    readonly layout: Layout;
    readonly origin: Origin;
    readonly lists: EnrichmentLists;
    readonly sink: Sink;
    /** Items that are stored, and are passed over. */
    readonly itemsDone: number;
  },
): Reader {
  const { layout, origin, sink, itemsDone } = given;
  const { flowFormat, fields, inner } = layout;
  const enricher = new Enricher(given.lists);
  switch (format) {
    case 'vpc-flow':
      return new FlowReader({ origin, enricher, sink, format: flowFormat, itemsDone });
    case 'cloudtrail':
      return new CloudTrailReader(new CloudTrailEvents(origin, enricher, sink), sink, itemsDone);
    case 'jsonl':
      return new LogReader(new LogEvents(origin, enricher, sink, fields), sink, itemsDone);
    case 'cloudwatch':
      return new CloudWatchReader({
        sink,
        inner,
        itemsDone,
        cloudTrail: new CloudTrailEvents(origin, enricher, sink),
        flows: new FlowEvents(origin, enricher, sink),
        flowFormats: new FlowFormats(flowFormat),
        logs: new LogEvents(origin, enricher, sink, fields),
      });
  }
}
