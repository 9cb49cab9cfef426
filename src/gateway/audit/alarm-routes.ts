// The HTTP operation that says how the controls of the audit log are (PCI DSS 10.7): every alarm,
// raised or not.
import { alarmNames, alarms, selectAlarmStates } from '#audit';
import type { AlarmState } from '#audit';
import { formatInstant } from '#kernel';
import { answer, defineOperation } from '../routes.ts';
import type { Operation, Route } from '../routes.ts';
import { permissions } from './edge.ts';
import type { AuditEdge } from './edge.ts';
import * as shapes from './shapes.ts';

export function alarmRoutes(edge: AuditEdge): Route[] {
  const { readAlarms: permission } = permissions;
  return [{ method: 'GET', path: '/v1/audit/alarms', permission, operation: listAlarms(edge) }];
}

function listAlarms(edge: AuditEdge): Operation {
  return defineOperation({
    operationId: 'listAuditAlarms',
    summary: 'List the alarms of the audit log',
    description: 'All there are; one of a process has an entry for each process that raised it.',
    tags: ['audit alarms'],
    schema: {
      response: { 200: { description: 'The alarms.', body: shapes.wholeList(shapes.alarm) } },
    },
    async handler() {
      const states = await selectAlarmStates(edge.database);
      const data = alarmNames.flatMap((alarm) => {
        const found = states.filter((state) => state.alarm === alarm);
        return found.length === 0 ? [neverRaised(alarm)] : found.map(presentState);
      });
      return answer(200, { data, ...shapes.wholeListEnd });
    },
  });
}

function neverRaised(alarm: AlarmState['alarm']): object {
  const { meaning } = alarms[alarm];
  const never = { instance: null, is_raised: false, since: null, changed_at: null, figures: {} };
  return { alarm, meaning, ...never };
}

function presentState({ alarm, instance, isRaised, since, at, figures }: AlarmState): object {
  return {
    alarm,
    meaning: alarms[alarm].meaning,
    instance: instance === '' ? null : instance,
    is_raised: isRaised,
    since: formatInstant(since),
    changed_at: formatInstant(at),
    figures,
  };
}
