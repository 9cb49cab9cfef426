// Owns the SQL of products.

import { assert, formatDate, formatInstant, type Currency, type Instant } from '#kernel';
import type { Queryable, Transaction } from '#platform';
import {
  readTerms,
  writeTerms,
  type NewProductVersion,
  type Product,
  type ProductKind,
  type TermsText,
} from './product.ts';

interface ProductRow {
  readonly code: string;
  readonly version: number;
  readonly effective_from_us: bigint;
  readonly kind: ProductKind;
  readonly currency: Currency;
  readonly name: string;
  readonly terms: TermsText;
  readonly created_at_us: bigint;
  readonly created_by: string;
}

const columns = `p.code, p.version, p.kind, p.currency, p.name, p.terms, p.created_by,
  (extract(epoch from p.effective_from) * 1000000)::bigint as effective_from_us,
  (extract(epoch from p.created_at) * 1000000)::bigint as created_at_us`;

function productOf(row: ProductRow): Product {
  const terms = readTerms(row.terms);
  assert(terms !== undefined, `version ${row.version} of product ${row.code} has odd terms`);
  return {
    code: row.code,
    version: row.version,
    effectiveFrom: Number(row.effective_from_us) as Instant,
    kind: row.kind,
    currency: row.currency,
    name: row.name,
    terms,
    createdAt: Number(row.created_at_us) as Instant,
    createdBy: row.created_by,
  };
}

/** Every version of the products, by code and version. */
export async function selectVersions(
  queryable: Queryable,
  codes: readonly string[],
): Promise<Product[]> {
  const rows = await queryable.query<ProductRow>({
    name: 'accounts.select_product_versions',
    text: `select ${columns} from accounts.products p
      where p.code = any($1::text[]) and p.tenant = platform.tenant()
      order by p.code, p.version`,
    values: [codes],
  });
  return rows.map(productOf);
}

/** The latest version of each product, by code. */
export async function selectProducts(
  queryable: Queryable,
  { after, countMax }: { readonly after: string | undefined; readonly countMax: number },
): Promise<Product[]> {
  const rows = await queryable.query<ProductRow>({
    name: 'accounts.select_products',
    text: `select distinct on (p.code) ${columns} from accounts.products p
      where p.tenant = platform.tenant() and ($1::text is null or p.code > $1)
      order by p.code, p.version desc limit $2`,
    values: [after ?? null, countMax],
  });
  return rows.map(productOf);
}

/** So that two who add a version of one product add one after the other. */
export async function lockProduct(tx: Transaction, code: string): Promise<void> {
  await tx.query({
    name: 'accounts.lock_product',
    text: `select pg_advisory_xact_lock(hashtextextended('accounts.product:' || $1, 0))`,
    values: [code],
  });
}

export async function insertVersion(
  tx: Transaction,
  product: NewProductVersion & { readonly version: number },
): Promise<void> {
  await tx.query({
    name: 'accounts.insert_product',
    text: `insert into accounts.products (code, version, effective_from, kind, currency, name,
        terms, created_at, created_by)
      values ($1, $2, $3, $4, $5, $6, $7::jsonb, $8, $9)`,
    values: [
      product.code,
      product.version,
      formatDate(product.effectiveFrom),
      product.kind,
      product.currency,
      product.name,
      JSON.stringify(writeTerms(product.terms)),
      formatInstant(tx.now),
      tx.actor,
    ],
  });
}
