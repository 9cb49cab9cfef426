// The only door of the context of customers and their accounts.

export {};
