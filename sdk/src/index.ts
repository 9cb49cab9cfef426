// The typed client of Florin: one method for each operation of the API, by its operationId.

export { createClient } from './client.ts';
export type { Answer, CallOptions, Client, ClientOptions } from './client.ts';
export { clientCredentials, fixedToken } from './credentials.ts';
export type { ClientCredentials, Credentials, Proof } from './credentials.ts';
export { pages, items } from './pages.ts';
export { FlorinProblem, FlorinUnreachable } from './problem.ts';
export type { ProblemDocument } from './problem.ts';
export type { RetryPolicy } from './retry.ts';
export { verifyWebhook, WebhookError } from './webhook.ts';
export type * from './api.ts';
