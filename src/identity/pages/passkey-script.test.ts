import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { passkeyScript } from './passkey-script.ts';

interface Submitting {
  readonly form: {
    hidden: boolean;
    readonly elements: { readonly passkey: { value: string } };
    readonly error: { hidden: boolean };
    sent: number;
  };
  readonly submit: () => Promise<void>;
}

/** The few parts of a browser that the script knows. */
function browser(kind: 'create' | 'get', credentials: unknown, hasPasskeys = true): Submitting {
  let listener: ((event: unknown) => Promise<void>) | undefined;
  const error = { hidden: true };
  const form = {
    hidden: true,
    dataset: { passkey: kind, options: '{"challenge":"AAAA"}' },
    elements: { passkey: { value: '' } },
    error,
    sent: 0,
    addEventListener: (_: string, given: typeof listener) => void (listener = given),
    querySelector: () => error,
    submit: () => void (form.sent += 1),
  };
  const parse = (options: { challenge: string }) => ({ parsed: options.challenge });
  const api = { parseCreationOptionsFromJSON: parse, parseRequestOptionsFromJSON: parse };
  runInNewContext(passkeyScript, {
    document: { querySelectorAll: () => [form] },
    window: hasPasskeys ? { PublicKeyCredential: api } : {},
    navigator: { credentials },
  });
  return {
    form,
    submit: async () => await listener?.({ preventDefault: () => undefined }),
  };
}

for (const kind of ['create', 'get'] as const) {
  test(`the browser's answer to ${kind} is put into the form, which is then sent`, async () => {
    const asked: unknown[] = [];
    const answer = (options: unknown) => {
      asked.push(options);
      return Promise.resolve({ toJSON: () => ({ id: 'x' }) });
    };
    const { form, submit } = browser(kind, { [kind]: answer });
    assert.equal(form.hidden, false);
    await submit();
    assert.equal(JSON.stringify(asked), '[{"publicKey":{"parsed":"AAAA"}}]');
    assert.equal(form.elements.passkey.value, '{"id":"x"}');
    assert.equal(form.sent, 1);
    assert.equal(form.error.hidden, true);
  });

  test(`whoever does not go on with ${kind} is told, and nothing is sent`, async () => {
    const answer = () => Promise.reject(new Error('NotAllowedError'));
    const { form, submit } = browser(kind, { [kind]: answer });
    await submit();
    assert.equal(form.sent, 0);
    assert.equal(form.error.hidden, false);
  });
}

test('without passkeys in the browser their form stays hidden', () => {
  assert.equal(browser('get', {}, false).form.hidden, true);
});
