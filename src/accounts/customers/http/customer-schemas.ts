// The shapes of customers in requests and answers.

import { Type, type Static } from 'typebox';
import { limits } from '#config';
import { schema } from '#gateway';
import { customerKinds } from '../customer.ts';
import { verificationStates } from '../verification.ts';

const email = schema.text(254, { pattern: '^[^@\\s]+@[^@\\s]+$' });
const phone = schema.text(16, {
  pattern: '^\\+[1-9][0-9]{4,14}$',
  description: 'a number of E.164, from its plus sign on',
});
const taxId = schema.text(40, { pattern: '^[A-Za-z0-9][A-Za-z0-9 ./-]*$' });
const registrationNumber = schema.text(40, { pattern: '^[A-Za-z0-9][A-Za-z0-9 ./-]*$' });
const country = schema.text(2, {
  pattern: '^[A-Z]{2}$',
  description: 'a code of two letters of ISO 3166-1',
});
const externalId = schema.text(255, {
  description: "the bank's own name for the customer: unique for ever, and not secret",
});

export const address = schema.object(
  {
    lines: Type.Array(schema.text(70), { minItems: 1, maxItems: 4 }),
    city: schema.text(70),
    postal_code: Type.Optional(schema.text(16)),
    country,
  },
  { title: 'PostalAddress' },
);

const particularsFields = {
  name: schema.text(140),
  email: Type.Optional(email),
  phone: Type.Optional(phone),
  birth_date: Type.Optional(schema.dateText({ description: 'of a person' })),
  tax_id: Type.Optional(taxId),
  registration_number: Type.Optional(registrationNumber),
  address: Type.Optional(address),
};

export const particulars = schema.object(particularsFields, { title: 'CustomerParticulars' });
export type ParticularsBody = Static<typeof particulars>;

export const newCustomer = schema.object(
  {
    external_id: Type.Optional(externalId),
    kind: schema.choice(customerKinds),
    particulars,
  },
  { title: 'NewCustomer' },
);
export type NewCustomerBody = Static<typeof newCustomer>;

export const newCustomers = Type.Array(newCustomer, {
  minItems: 1,
  maxItems: limits.customerBatchItemsMax.value,
});

export const changeCustomer = schema.object(
  {
    revision: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 2_147_483_647,
        description: 'the revision that was seen: refused if it changed',
      }),
    ),
    particulars: schema.object({
      name: Type.Optional(schema.text(140)),
      email: Type.Optional(schema.orNull(email)),
      phone: Type.Optional(schema.orNull(phone)),
      birth_date: Type.Optional(schema.orNull(schema.dateText())),
      tax_id: Type.Optional(schema.orNull(taxId)),
      registration_number: Type.Optional(schema.orNull(registrationNumber)),
      address: Type.Optional(schema.orNull(address)),
    }),
  },
  { title: 'ChangeCustomer' },
);
export type ChangeCustomerBody = Static<typeof changeCustomer>;

export const customerParams = schema.object({ id: schema.idText('cus') });

export const verification = schema.object(
  {
    state: schema.choice(verificationStates),
    method: schema.orNull(schema.text(40)),
    by: schema.orNull(schema.text(300)),
    at: schema.orNull(schema.instantText()),
    expires_at: schema.orNull(schema.instantText()),
  },
  { title: 'CustomerVerification' },
);

const customerFields = {
  id: schema.idText('cus'),
  external_id: schema.orNull(externalId),
  kind: schema.choice(customerKinds),
  verification,
  revision: Type.Integer({ description: '1, 2, 3 …: grows with each change' }),
  created_at: schema.instantText(),
  changed_at: schema.instantText(),
  erased_at: schema.orNull(schema.instantText()),
};

/** What a change is answered: answers of changes are kept, and hold nothing of the person. */
export const customerState = schema.object(customerFields, { title: 'CustomerState' });

export const customer = schema.object(
  { ...customerFields, particulars: schema.orNull(particulars) },
  { title: 'Customer' },
);

export const createdCustomers = schema.object(
  {
    accepted: Type.Integer(),
    refused: Type.Integer(),
    results: Type.Array(
      schema.object(
        {
          status: schema.choice(['created', 'replayed', 'refused']),
          customer: Type.Optional(customerState),
          refusal: Type.Optional(
            schema.object({
              code: Type.String(),
              message: Type.String(),
              retryable: Type.Boolean(),
              param: Type.Optional(Type.String()),
            }),
          ),
        },
        { title: 'CreatedCustomer' },
      ),
    ),
  },
  { title: 'CreatedCustomers' },
);

export const search = schema.object(
  {
    email: Type.Optional(schema.text(254)),
    tax_id: Type.Optional(schema.text(40)),
  },
  { title: 'CustomerSearch', minProperties: 1, maxProperties: 1 },
);

export const verify = schema.object(
  {
    state: schema.choice(['unverified', 'pending', 'verified', 'refused'] as const),
    method: Type.Optional(
      schema.text(40, {
        pattern: '^[a-z][a-z0-9_]*$',
        description: 'how it was found out, such as document or bank_id',
      }),
    ),
    reference: Type.Optional(
      schema.text(100, { description: 'the number of the document or case: kept sealed' }),
    ),
    expires_at: Type.Optional(schema.instantText()),
  },
  { title: 'VerifyCustomer' },
);

const purpose = schema.text(40, {
  pattern: '^[a-z][a-z0-9_]*$',
  description: 'what for: lower case, digits and underscores',
});

export const sayConsent = schema.object(
  {
    purpose,
    is_given: Type.Boolean({ description: 'given, or withdrawn' }),
    text_version: schema.text(40, { description: 'of the text that the customer was shown' }),
  },
  { title: 'SayConsent' },
);

export const consent = schema.object(
  {
    purpose,
    is_given: Type.Boolean(),
    text_version: schema.orNull(schema.text(40)),
    at: schema.instantText(),
    by: schema.text(300),
  },
  { title: 'Consent' },
);

export const customerChange = schema.object(
  {
    revision: Type.Integer(),
    action: Type.String({ description: 'as in the audit log' }),
    fields: Type.Array(Type.String(), { description: 'names of the fields that changed' }),
    verification: schema.orNull(schema.choice(verificationStates)),
    purpose: schema.orNull(purpose),
    text_version: schema.orNull(Type.String()),
    at: schema.instantText(),
    by: Type.String(),
  },
  { title: 'CustomerChange' },
);

export const erase = schema.object(
  {
    reason: schema.text(200, {
      description: 'why, kept in clear and for ever: it names the case and not the person',
    }),
  },
  { title: 'EraseCustomer' },
);
