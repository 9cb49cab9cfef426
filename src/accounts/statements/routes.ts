// The HTTP operation that gives the statement of an account for any period, in the form that is
// asked for. It is written while it is read, so its length costs no memory; a PDF is made whole.

import { Type } from 'typebox';
import { limits } from '#config';
import { endOfDay, parseDate, parseInstant, refuse, type Clock, type Instant } from '#kernel';
import {
  defineOperation,
  EdgeRefusal,
  schema,
  type Answer,
  type Operation,
  type Outcome,
  type Route,
} from '#gateway';
import type { Database } from '#platform';
import { no } from '../refusals.ts';
import { rowsFor } from '../customers/http/edge.ts';
import { camt053Of } from './camt053.ts';
import { csvOf } from './csv.ts';
import { jsonOf } from './json.ts';
import { pdfOf } from './pdf.ts';
import { statementFor, type AccountStatement } from './statement.ts';
import { statement, statementQuery, type Format } from './statement-schemas.ts';

export interface StatementsEdge {
  readonly database: Database;
  readonly clock: Clock;
}

export function statementRoutes(edge: StatementsEdge): Route[] {
  const permission = 'accounts.statements.read';
  const path = '/v1/accounts/{id}/statement';
  return [{ method: 'GET', path, permission, operation: readStatement(edge) }];
}

interface Form {
  readonly mediaType: string;
  readonly extension: string;
  readonly content: (found: AccountStatement) => AsyncIterable<string> | Promise<Buffer>;
}

const forms: Readonly<Record<Format, Form>> = {
  json: { mediaType: 'application/json; charset=utf-8', extension: 'json', content: jsonOf },
  csv: { mediaType: 'text/csv; charset=utf-8; header=present', extension: 'csv', content: csvOf },
  pdf: { mediaType: 'application/pdf', extension: 'pdf', content: pdfOf },
  'camt.053': { mediaType: 'application/xml', extension: 'xml', content: camt053Of },
};

function readStatement(edge: StatementsEdge): Operation {
  return defineOperation({
    operationId: 'readAccountStatement',
    summary: 'Read the statement of an account for a period',
    description:
      'By value date, as JSON, CSV, PDF or camt.053.001.08. Balances are as the holder sees ' +
      'them, and each statement closes to the balance of the books. What is posted while it is ' +
      'read is not in it. A statement that cannot be completed breaks off: the connection is cut.',
    tags: ['accounts'],
    refusals: ['bank_account_unknown', 'statement_too_long'],
    disclosure: { target: ({ params }) => params.id },
    schema: {
      params: schema.object({ id: schema.idText('acc') }),
      query: statementQuery,
      response: {
        200: {
          description: 'The statement.',
          body: statement,
          otherForms: {
            'text/csv': Type.String(),
            'application/pdf': schema.bytes(),
            'application/xml': Type.String({ description: 'camt.053.001.08' }),
          },
        },
      },
    },
    objects: ({ params }) => [{ kind: 'account', id: params.id, act: 'read' }],
    async handler(request): Promise<Outcome> {
      const { params, query } = request;
      const asked = {
        from: beginOf(query.from),
        to: endOf(query.to),
        recordedAt: query.recorded_at === undefined ? undefined : endOf(query.recorded_at),
      };
      if (asked.from > asked.to) {
        throw new EdgeRefusal('field_invalid', 'from must not be later than to.', {
          param: 'from',
        });
      }
      const format = query.format ?? formatIn(request.header('accept'));
      const now = edge.clock.now();
      const found = await statementFor(rowsFor(edge, request), params.id, asked, now);
      if (found?.bankAccount === undefined) {
        return no('bank_account_unknown', `There is no bank account ${params.id}.`, 'id');
      }
      return await contentOf(found, format);
    },
  });
}

async function contentOf(found: AccountStatement, format: Format): Promise<Outcome> {
  const linesMax = limits.statementPdfLinesMax.value;
  if (format === 'pdf' && found.entryCount > linesMax) {
    const message = `A PDF holds ${linesMax} entries, and these are ${found.entryCount}.`;
    return refuse({ code: 'statement_too_long', message, param: 'format' });
  }
  const { mediaType, extension, content } = forms[format];
  const body = await content(found);
  const answer: Answer = {
    status: 200,
    content: {
      mediaType,
      body,
      ...(format === 'json' ? {} : { fileName: nameOf(found, extension) }),
    },
  };
  return answer;
}

function nameOf({ id }: AccountStatement, extension: string): string {
  return `statement-${id}.${extension}`;
}

const byMediaType: readonly (readonly [mediaType: string, format: Format])[] = [
  ['application/json', 'json'],
  ['text/csv', 'csv'],
  ['application/pdf', 'pdf'],
  ['application/xml', 'camt.053'],
  ['text/xml', 'camt.053'],
];

/** The first of the forms that the header names; how much it prefers each does not count. */
function formatIn(accept: string | undefined): Format {
  const named = (accept ?? '').split(',').map((part) => part.split(';')[0]?.trim().toLowerCase());
  for (const mediaType of named) {
    const known = byMediaType.find(([each]) => each === mediaType);
    if (known !== undefined) return known[1];
  }
  return 'json';
}

// The schema has seen to it that each is one or the other.
function beginOf(text: string): Instant {
  return (parseInstant(text) ?? parseDate(text)) as Instant;
}

function endOf(text: string): Instant {
  const date = parseDate(text);
  return date === undefined ? (parseInstant(text) as Instant) : endOfDay(date);
}
