// Opens the pages where people prove who they are: plain forms that need no script, under
// /identity/pages/. What fails is told in one sentence, and never shows what is inside.

import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { limits } from '#config';
import { Fault } from '#kernel';
import { openPasswordHasher, owaspCost, type Caller, type PasswordCost } from '#platform';
import { INVITATION_PATH } from '../people/invitation.ts';
import { COOKIE_PATH, send, type Exchange } from './exchange.ts';
import { answerInvitation } from './invitation.ts';
import { answerInteraction } from './sign-in.ts';
import { messagePage } from './views.ts';
import type { PagesWorld } from './world.ts';

export interface PagesOptions extends Omit<PagesWorld, 'hasher'> {
  /** Where a request came from, past any proxy that is trusted, when no caller is given. */
  readonly addressOf: (request: IncomingMessage) => string | undefined;
  /** Told of whatever was thrown: a fault of the world, or a mistake of ours. */
  readonly onFailed: (error: unknown) => void;
  /** OWASP's unless given. */
  readonly passwordCost?: PasswordCost;
}

export interface Pages {
  /**
   * Answers a request to a page; false when it is none of theirs, and nothing was done. The caller
   * says what the edge knows of the request already.
   */
  handle(request: IncomingMessage, response: ServerResponse, caller?: Caller): Promise<boolean>;
}

const INTERACTION_PATH = `${COOKIE_PATH}/interaction/`;

/** Where the provider sends a person: the page of an interaction. */
export function interactionPath(uid: string): string {
  return `${INTERACTION_PATH}${uid}`;
}

export function openPages(options: PagesOptions): Pages {
  const { addressOf, onFailed, passwordCost = owaspCost, ...rest } = options;
  const hasher = openPasswordHasher({
    cost: passwordCost,
    atOnceMax: limits.passwordHashesAtOnceMax.value,
    waitingMax: limits.passwordHashesWaitingMax.value,
  });
  const world = { ...rest, hasher };
  return {
    async handle(request, response, caller) {
      const url = urlOf(request, world.site.origin);
      if (url === undefined || !url.pathname.startsWith(`${COOKIE_PATH}/`)) return false;
      const own = { ...callerOf(request), address: addressOf(request) };
      const exchange = { request, response, url, caller: { ...(caller ?? own), ...NOBODY } };
      try {
        await answer(world, exchange);
      } catch (error) {
        onFailed(error);
        sendFailure(exchange, error);
      }
      return true;
    },
  };
}

/** Whoever is proven later is named by the verbs. */
const NOBODY = { actor: 'anonymous', authentication: 'none' };

function callerOf({ headers }: IncomingMessage): Caller {
  return {
    ...NOBODY,
    correlationId: `page-${randomUUID()}`,
    userAgent: headers['user-agent'],
  };
}

function urlOf({ url = '' }: IncomingMessage, origin: string): URL | undefined {
  return url.startsWith('/') && URL.canParse(origin + url) ? new URL(origin + url) : undefined;
}

const METHODS = new Set(['GET', 'HEAD', 'POST']);

async function answer(world: PagesWorld, exchange: Exchange): Promise<void> {
  const { request, url } = exchange;
  if (!METHODS.has(request.method ?? '')) {
    const headers = { allow: [...METHODS].join(', ') };
    const text = 'This page is read, and its forms are sent.';
    return send(exchange, messagePage(405, 'Not allowed', text, headers));
  }
  if (url.pathname === INVITATION_PATH) return await answerInvitation(world, exchange);
  if (url.pathname.startsWith(INTERACTION_PATH)) return await answerInteraction(world, exchange);
  send(exchange, messagePage(404, 'No such page', 'There is nothing at this address.'));
}

function sendFailure(exchange: Exchange, error: unknown): void {
  const { response } = exchange;
  if (response.headersSent) {
    response.destroy();
    return;
  }
  // What was set for an answer that is not given now would confuse the browser.
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  if (error instanceof Fault && error.retryable) {
    const text = 'The bank cannot answer at this moment. Try again shortly.';
    return send(exchange, messagePage(503, 'Please try again', text, { 'retry-after': '2' }));
  }
  const text = 'The bank has made a mistake, which was noted. Nothing was changed.';
  send(exchange, messagePage(500, 'Something went wrong', text));
}
