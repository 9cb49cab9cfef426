// The HTTP operations on nostro accounts and the statements about them.

import { createHash } from 'node:crypto';
import {
  answer,
  defineOperation,
  idInCursor,
  pageOf,
  schema,
  transact,
  type Operation,
  type Route,
} from '#gateway';
import { limits } from '#config';
import { refuse } from '#kernel';
import { readStatements } from '../../iso20022/statements/read.ts';
import { addNostro, changeNostro, noNostro, nostroSummary } from '../nostros.ts';
import { listNostros } from '../nostro-store.ts';
import { no, type ReconciliationRefusal } from '../refusals.ts';
import { defaultRules } from '../rule.ts';
import { findStatement, listStatements } from '../statement-store.ts';
import { takeStatement } from '../take.ts';
import {
  reconciliationPermissions as permissions,
  seen,
  tags,
  type ReconciliationEdge,
} from './edge.ts';
import { presentNostro, presentStatement, presentSummary, rulesOf } from './present.ts';
import * as shapes from './reconciliation-schemas.ts';

export function nostroRoutes(edge: ReconciliationEdge): Route[] {
  const nostros = '/v1/reconciliation/nostros';
  const statements = '/v1/reconciliation/statements';
  const { read, write } = permissions;
  return [
    { method: 'POST', path: nostros, permission: write, operation: add(edge) },
    { method: 'GET', path: nostros, permission: read, operation: list(edge) },
    { method: 'GET', path: `${nostros}/{id}`, permission: read, operation: summary(edge) },
    { method: 'PATCH', path: `${nostros}/{id}`, permission: write, operation: change(edge) },
    { method: 'POST', path: statements, permission: write, operation: upload(edge) },
    { method: 'GET', path: statements, permission: read, operation: listTaken(edge) },
    { method: 'GET', path: `${statements}/{id}`, permission: read, operation: readTaken(edge) },
  ];
}

function add(edge: ReconciliationEdge): Operation {
  return defineOperation({
    operationId: 'addNostro',
    summary: 'Say which account of the ledger mirrors an account with another bank',
    tags,
    refusals: ['nostro_exists', 'nostro_account_unfit'],
    example: {
      number: 'DE89370400440532013000',
      account_id: 'acc_01980a3e-4c00-7000-8000-000000000001',
      currency: 'EUR',
    },
    schema: {
      body: shapes.newNostro,
      response: { 201: { description: 'The nostro account.', body: shapes.nostro } },
    },
    handler: async (request) =>
      transact(edge, request, async (tx) => {
        const { body } = request;
        const added = await addNostro(tx, {
          number: body.number,
          accountId: body.account_id,
          currency: body.currency,
          writeOffAccountId: body.write_off_account_id,
          rules: body.rules === undefined ? defaultRules : rulesOf(body.rules),
          isHistorySettled: body.is_history_settled ?? false,
        });
        return added.ok ? answer(201, presentNostro(added.value)) : added;
      }),
  });
}

const LIST = 'nostros';

function list(edge: ReconciliationEdge): Operation {
  return defineOperation({
    operationId: 'listNostros',
    summary: 'List nostro accounts',
    tags,
    schema: {
      query: shapes.nostroQuery,
      response: { 200: { description: 'A page.', body: schema.pageOf(shapes.nostro) } },
    },
    async handler(request) {
      const { limit, cursor } = request.query;
      const after = idInCursor(LIST, 'nos', cursor);
      const found = await listNostros(seen(edge, request), { after, limit: limit + 1 });
      const place = ({ id }: { readonly id: string }): string[] => [id];
      return answer(200, pageOf({ list: LIST, found, limit, present: presentNostro, place }));
    },
  });
}

function summary(edge: ReconciliationEdge): Operation {
  return defineOperation({
    operationId: 'readNostro',
    summary: 'Read how a nostro account and the statements about it agree',
    description: 'unexplained is 0 where both sides, with what is unmatched, close to one another.',
    tags,
    refusals: ['nostro_unknown'],
    schema: {
      params: shapes.nostroParams,
      response: { 200: { description: 'The summary.', body: shapes.summary } },
    },
    async handler(request) {
      const { id } = request.params;
      const found = await nostroSummary(seen(edge, request), id);
      return found === undefined ? noNostro(id) : answer(200, presentSummary(found));
    },
  });
}

function change(edge: ReconciliationEdge): Operation {
  return defineOperation({
    operationId: 'changeNostro',
    summary: 'Change the rules of a nostro account',
    description: 'They hold for the next statement; what was matched stays so.',
    tags,
    refusals: ['nostro_unknown', 'nostro_account_unfit'],
    schema: {
      params: shapes.nostroParams,
      body: shapes.nostroChange,
      response: { 200: { description: 'As it is now.', body: shapes.nostro } },
    },
    handler: async (request) =>
      transact(edge, request, async (tx) => {
        const { rules, write_off_account_id: writeOff } = request.body;
        const asked = { rules: rulesOf(rules), writeOffAccountId: writeOff ?? undefined };
        const changed = await changeNostro(tx, request.params.id, asked);
        return changed.ok ? answer(200, presentNostro(changed.value)) : changed;
      }),
  });
}

/** Undoes those of a message that were taken before one that was refused. */
class Refused extends Error {
  readonly refusal: ReconciliationRefusal;

  constructor(refusal: ReconciliationRefusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

function upload(edge: ReconciliationEdge): Operation {
  return defineOperation({
    operationId: 'takeBankStatements',
    summary: 'Take the statements of a camt.053, camt.052 or camt.054 message',
    description:
      'All of the message or none. Each is checked, matched by the rules of its account, and ' +
      'what is left becomes breaks.',
    tags,
    refusals: [
      'statement_unreadable',
      'statement_account_unknown',
      'statement_exists',
      'statement_does_not_add_up',
    ],
    bodyBytesMax: limits.statementBytesMax.value,
    schema: {
      body: shapes.upload,
      response: { 201: { description: 'What was taken.', body: shapes.takenStatements } },
    },
    async handler(request) {
      const content = Buffer.from(request.body.content, 'utf8');
      const read = await readStatements(inOnePiece(content));
      if (!read.isRead) {
        const [fault] = read.faults;
        const where = fault === undefined ? '' : ` Line ${fault.line}: ${fault.message}`;
        return no('statement_unreadable', `The message cannot be read.${where}`, 'content');
      }
      try {
        return await transact(edge, request, async (tx) => {
          const data: object[] = [];
          for (const [place, statement] of read.statements.entries()) {
            const sha256 = createHash('sha256').update(content).update(`#${place}`).digest();
            const taken = await takeStatement(tx, { statement, sha256 });
            if (!taken.ok) throw new Refused(taken.refusal);
            const { matched, breaks } = taken.value;
            data.push({ statement: presentStatement(taken.value.statement), matched, breaks });
          }
          return answer(201, { data });
        });
      } catch (error) {
        if (error instanceof Refused) return refuse(error.refusal);
        throw error;
      }
    },
  });
}

async function* inOnePiece(content: Buffer): AsyncGenerator<Buffer> {
  yield await Promise.resolve(content);
}

const STATEMENTS = 'statements';

function listTaken(edge: ReconciliationEdge): Operation {
  return defineOperation({
    operationId: 'listBankStatements',
    summary: 'List statements that were taken',
    description: 'The latest first.',
    tags,
    schema: {
      query: shapes.statementQuery,
      response: { 200: { description: 'A page.', body: schema.pageOf(shapes.statement) } },
    },
    async handler(request) {
      const { limit, cursor, nostro_id: nostroId } = request.query;
      const before = idInCursor(STATEMENTS, 'stm', cursor);
      const asked = { nostroId, before, limit: limit + 1 };
      const found = await listStatements(seen(edge, request), asked);
      const place = ({ id }: { readonly id: string }): string[] => [id];
      const page = { list: STATEMENTS, found, limit, present: presentStatement, place };
      return answer(200, pageOf(page));
    },
  });
}

function readTaken(edge: ReconciliationEdge): Operation {
  return defineOperation({
    operationId: 'readBankStatement',
    summary: 'Read a statement that was taken',
    tags,
    refusals: ['statement_unknown'],
    schema: {
      params: shapes.statementParams,
      response: { 200: { description: 'The statement.', body: shapes.statement } },
    },
    async handler(request) {
      const { id } = request.params;
      const found = await findStatement(seen(edge, request), id);
      if (found !== undefined) return answer(200, presentStatement(found));
      return no('statement_unknown', `There is no statement ${id}.`, 'id');
    },
  });
}
