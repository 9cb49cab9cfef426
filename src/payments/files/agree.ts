// The verbs of agreements about files: made, and ended. One that ends stays to be read; a new one
// is made beside it.

import { record } from '#audit';
import { accept, assert, idOf, msOf, newUuid, type Result } from '#kernel';
import type { Transaction } from '#platform';
import { checkMapping } from '../csv/mapping.ts';
import type { Agreement, AgreementId, AgreementTerms } from './agreement.ts';
import { fileActions } from './audit-actions.ts';
import { no, type FileRefusal } from './refusals.ts';
import { insertAgreement, lockAgreement, updateAgreement } from './store/agreement-store.ts';

function faultIn(terms: AgreementTerms): Result<undefined, FileRefusal> {
  if (terms.role === 'outgoing' && terms.settlementAccount === undefined) {
    const message = 'files of a customer need the account that pays and is paid';
    return no('file_agreement_invalid', message, 'settlement_account_id');
  }
  if ((terms.format === 'csv') !== (terms.mapping !== undefined)) {
    const message = 'a mapping is for files of the format csv, which need one';
    return no('file_agreement_invalid', message, 'mapping');
  }
  const fault = terms.mapping === undefined ? undefined : checkMapping(terms.mapping);
  return fault === undefined ? accept(undefined) : no('file_mapping_invalid', fault, 'mapping');
}

export async function makeAgreement(
  tx: Transaction,
  terms: AgreementTerms,
): Promise<Result<Agreement, FileRefusal>> {
  const fault = faultIn(terms);
  if (!fault.ok) return fault;
  const agreement: Agreement = {
    ...terms,
    id: idOf('fag', newUuid(msOf(tx.now))),
    tenant: tx.tenant ?? 'main',
    state: 'active',
    revision: 1,
    createdAt: tx.now,
    changedAt: tx.now,
  };
  if (!(await insertAgreement(tx, agreement))) {
    const message = `${terms.sender} has an agreement for ${terms.format}; end it first`;
    return no('file_agreement_exists', message, 'sender');
  }
  const action = fileActions['payments.file_agreement.make'];
  await record(tx, [{ action, target: agreement.id, after: factsOf(agreement) }]);
  return accept(agreement);
}

/** Files that were accepted are worked on to their end; others are refused from now on. */
export async function endAgreement(
  tx: Transaction,
  id: AgreementId,
): Promise<Result<Agreement, FileRefusal>> {
  const before = await lockAgreement(tx, id);
  if (before === undefined) {
    return no('file_agreement_unknown', `there is no agreement ${id}`, 'id');
  }
  if (before.state === 'ended') return accept(before);
  const after: Agreement = {
    ...before,
    state: 'ended',
    revision: before.revision + 1,
    changedAt: tx.now,
  };
  assert(await updateAgreement(tx, after), 'a locked agreement can be changed');
  const action = fileActions['payments.file_agreement.end'];
  const item = { action, target: id, before: factsOf(before), after: factsOf(after) };
  await record(tx, [item]);
  return accept(after);
}

function factsOf(agreement: Agreement) {
  return {
    acceptance: agreement.acceptance,
    are_debits_allowed: agreement.areDebitsAllowed,
    currency: agreement.currency,
    entry_max: agreement.entryMax?.toString(),
    file_max: agreement.fileMax?.toString(),
    format: agreement.format,
    rail: agreement.rail,
    role: agreement.role,
    sender: agreement.sender,
    settlement_account: agreement.settlementAccount,
    state: agreement.state,
  };
}
