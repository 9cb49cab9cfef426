// TABLE  what standing orders record in the audit log. Nobody's name or number is in it.

import { defineActions } from '#audit';

export const standingOrderActions = defineActions({
  'payments.standing_order.create': ['books', 'a standing order was given', '10.2.1.7'],
  'payments.standing_order.change': ['books', 'a standing order was changed', '10.2.1.2'],
  'payments.standing_order.due': ['books', 'a standing order was due: what became of the date'],
});
