// Owns the only script of the pages: it lets the browser use or make a passkey and puts the answer
// into a form. It is one constant text, so that the policy of the page can name it by its hash.

/** A form that asks for a passkey is hidden unless the browser can; all else works without. */
export const passkeyScript = `
for (const form of document.querySelectorAll('form[data-passkey]')) {
  const isNew = form.dataset.passkey === 'create';
  const api = window.PublicKeyCredential;
  const parse = isNew ? api?.parseCreationOptionsFromJSON : api?.parseRequestOptionsFromJSON;
  if (parse === undefined) continue;
  form.hidden = false;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const error = form.querySelector('[role=alert]');
    try {
      const publicKey = parse.call(api, JSON.parse(form.dataset.options));
      const credential = await (isNew
        ? navigator.credentials.create({ publicKey })
        : navigator.credentials.get({ publicKey }));
      form.elements.passkey.value = JSON.stringify(credential.toJSON());
      form.submit();
    } catch {
      error.hidden = false;
    }
  });
}
`;
