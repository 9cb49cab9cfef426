// How a request for a statement is refused, beside those of the account itself.

export const statementRefusals = {
  statement_too_long: {
    status: 422,
    title: 'The statement is too long for this format',
    retryable: false,
  },
} as const;
