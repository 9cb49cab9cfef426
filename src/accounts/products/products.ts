// The verbs of products: a version is added after the ones before, and is recorded with all its
// terms. Days that interest was accrued for keep the version that was in force.

import { record } from '#audit';
import { accept, formatDate, startOfDay, type Result } from '#kernel';
import { emit, type Queryable, type Transaction } from '#platform';
import { accountsActions } from '../audit-actions.ts';
import { no, type BankAccountRefusal } from '../refusals.ts';
import { insertVersion, lockProduct, selectVersions } from './product-store.ts';
import { flawOf, writeTerms, type NewProductVersion, type Product } from './product.ts';

/** The first version of a product, or the next. */
export async function addProduct(
  tx: Transaction,
  added: NewProductVersion,
): Promise<Result<Product, BankAccountRefusal>> {
  const flaw = flawOf(added);
  if (flaw !== undefined) {
    return no('product_terms_invalid', `The terms do not fit: ${flaw}.`, 'terms');
  }
  await lockProduct(tx, added.code);
  const last = (await selectVersions(tx, [added.code])).at(-1);
  if (last !== undefined) {
    if (last.kind !== added.kind || last.currency !== added.currency) {
      const message = `Product ${added.code} is of kind ${last.kind} in ${last.currency}.`;
      return no('product_identity_fixed', message, 'kind');
    }
    // What was accrued before today was accrued by the version of then.
    const isAfter = added.effectiveFrom > last.effectiveFrom;
    if (!isAfter || added.effectiveFrom < startOfDay(tx.now)) {
      const message = `It must begin after ${formatDate(last.effectiveFrom)}, today or later.`;
      return no('product_date_passed', message, 'effective_from');
    }
  }
  const version = (last?.version ?? 0) + 1;
  const product = { ...added, version, createdAt: tx.now, createdBy: tx.actor };
  await insertVersion(tx, product);
  const { code, kind, currency, name, effectiveFrom, terms } = added;
  const from = formatDate(effectiveFrom);
  const after = { currency, effective_from: from, kind, name, terms: writeTerms(terms), version };
  const action = accountsActions['accounts.product.add'];
  await record(tx, [{ action, target: code, after }]);
  await emit(tx, [{ type: 'product.version_added', subject: code, data: { version } }]);
  return accept(product);
}

/** The versions of each product, by code. */
export async function productVersions(
  queryable: Queryable,
  codes: readonly string[],
): Promise<Map<string, Product[]>> {
  const versions = await selectVersions(queryable, [...new Set(codes)]);
  return Map.groupBy(versions, ({ code }) => code);
}
