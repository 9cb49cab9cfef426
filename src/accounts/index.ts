// The only door of the context of customers and their accounts.

export type {
  AccountNumber,
  BankAccount,
  BankAccountStatus,
  CustomerId,
  Holder,
  HolderRole,
  NewBankAccount,
} from './account.ts';
export { bankAccounts, findByNumbers } from './read.ts';
export { readIban } from './numbers/iban.ts';
export type { Iban, IbanRefusal } from './numbers/iban.ts';
export { isRoutingNumber, isUsAccountNumber } from './numbers/routing-number.ts';
export { openBankAccounts, openBankAccountsOrReplay } from './open.ts';
export type { OpenBankAccountAnswer, OpenBankAccountResult } from './open.ts';
export { addHolder, endHolder } from './holders.ts';
export type { AddHolder, EndHolder } from './holders.ts';
export { runDormancy } from './dormancy.ts';
export type { DormancyRun } from './dormancy.ts';
export { runInterest } from './interest/job.ts';
export type { InterestRun } from './interest/job.ts';
export { ownNumberingOf } from './numbers/own-number.ts';
export { accountsRoutes } from './routes.ts';
export type { AccountsEdge } from './routes.ts';
export { bankAccountSources } from './sources/sources.ts';
export { bankAccountRefusals } from './refusals.ts';
export type { BankAccountRefusal } from './refusals.ts';
export { addProduct, productVersions } from './products/products.ts';
export { readTerms } from './products/product.ts';
export type { NewProductVersion, Product, ProductTerms } from './products/product.ts';

/** Customers. */
export { createCustomers, createCustomersOrReplay } from './customers/create.ts';
export type { Customer, NewCustomer } from './customers/customer.ts';
export { eraseCustomer } from './customers/erase.ts';
export { customer, customerIdsByExternalId, customersById } from './customers/read.ts';
export { customerRefusals } from './customers/refusals.ts';
export { existingCustomers } from './customers/store/sources-store.ts';
export { customersRoutes } from './customers/routes.ts';
export type { CustomersEdge } from './customers/routes.ts';
export { customerSource } from './customers/sources.ts';
export { expireVerifications } from './customers/verify.ts';

/** Statements. */
export { statementRefusals } from './statements/refusals.ts';
export { statementRoutes } from './statements/routes.ts';
export type { StatementsEdge } from './statements/routes.ts';
export { statementFor } from './statements/statement.ts';
