// TABLE  what the core of payments records in the audit log.

import { defineActions } from '#audit';

export const paymentActions = defineActions({
  'payments.payment.make': ['books', 'a payment was made, or came in'],
  'payments.payment.change': ['books', 'a payment came into another state'],
  'payments.books.open': ['books', 'the books of a rail were opened', '10.2.1.7'],
  'payments.message.receive': ['books', 'a message came over a rail'],
});
