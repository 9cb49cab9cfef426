// Owns the taking apart of OpenTelemetry's JSON export (OTLP/JSON logs), where one line holds many
// records under their resource and scope: each becomes a line of its own in the shape of
// OpenTelemetry's log data model.

import type { Json, JsonObject } from '../../canonical.ts';
import { arrayOf, objectOf, textOf } from '../input/json-value.ts';

/** The records of an export; undefined when the line is none. */
export function recordsOfExport(line: JsonObject): JsonObject[] | undefined {
  if (!Array.isArray(line['resourceLogs'])) return undefined;
  const records: JsonObject[] = [];
  for (const resourceLogs of arrayOf(line['resourceLogs']).map(objectOf)) {
    const resource = attributesOf(objectOf(resourceLogs['resource'])['attributes']);
    for (const scopeLogs of arrayOf(resourceLogs['scopeLogs']).map(objectOf)) {
      const scope = objectOf(scopeLogs['scope']);
      for (const record of arrayOf(scopeLogs['logRecords']).map(objectOf)) {
        records.push(recordOf(record, resource, scope));
      }
    }
  }
  return records;
}

function recordOf(record: JsonObject, resource: JsonObject, scope: JsonObject): JsonObject {
  const time = record['timeUnixNano'];
  // "0" is protobuf's way to say that it is not known.
  const isTimeKnown = time !== undefined && time !== null && time !== '0' && time !== 0;
  return {
    Timestamp: isTimeKnown ? time : record['observedTimeUnixNano'],
    SeverityText: record['severityText'],
    SeverityNumber: record['severityNumber'],
    Body: valueOf(record['body']),
    Attributes: attributesOf(record['attributes']),
    Resource: resource,
    InstrumentationScope: scope,
    TraceId: record['traceId'],
    SpanId: record['spanId'],
    EventName: record['eventName'],
  };
}

function attributesOf(list: Json | undefined): JsonObject {
  const pairs = arrayOf(list).map(objectOf);
  return Object.fromEntries(pairs.map(({ key, value }) => [textOf(key) ?? '', valueOf(value)]));
}

/** AnyValue of OTLP: one member, whose name is the type. */
function valueOf(value: Json | undefined): Json {
  const any = objectOf(value);
  if (any['kvlistValue'] !== undefined) return attributesOf(objectOf(any['kvlistValue'])['values']);
  if (any['arrayValue'] !== undefined) {
    return arrayOf(objectOf(any['arrayValue'])['values']).map(valueOf);
  }
  return Object.values(any)[0] ?? null;
}
