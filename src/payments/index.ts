// The only door of the context of payments.

export {};
