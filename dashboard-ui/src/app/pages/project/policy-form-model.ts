import type { Schemas } from '../../api/client';
import { editableUsd, nano, typedMoney } from '../../core/money';

type Policy = Omit<Schemas['Policy'], 'pii'>;

export interface PolicyModel {
  readonly name: string;
  readonly trancheSize: string;
  readonly leaseTtlSeconds: string;
  readonly graceSeconds: string;
  readonly expiry: Policy['expiry'];
  readonly maxOpenLeases: string;
  readonly reportIntervalSeconds: string;
  readonly environment: Policy['environment'];
  readonly senderBinding: Policy['senderBinding'];
  readonly mode: Policy['mode'];
  readonly unbounded: Policy['unbounded'];
  /** Empty: no limit. */
  readonly velocityLimit: string;
}

export function policyModel(project: {
  readonly name: string;
  readonly policy: Policy;
}): PolicyModel {
  const { policy } = project;
  return {
    name: project.name,
    trancheSize: editableUsd(nano(policy.trancheSize)),
    leaseTtlSeconds: String(policy.leaseTtlSeconds),
    graceSeconds: String(policy.graceSeconds),
    expiry: policy.expiry,
    maxOpenLeases: String(policy.maxOpenLeases),
    reportIntervalSeconds: String(policy.reportIntervalSeconds),
    environment: policy.environment,
    senderBinding: policy.senderBinding,
    mode: policy.mode,
    unbounded: policy.unbounded,
    velocityLimit: policy.velocityLimit === null ? '' : editableUsd(nano(policy.velocityLimit)),
  };
}

/** What to send: only what was changed, so that two people editing different fields do not undo each other. */
export function projectChange(before: PolicyModel, after: PolicyModel): Schemas['ProjectChange'] {
  const differs = (field: keyof PolicyModel) => before[field] !== after[field];
  const policy: Schemas['PolicyChange'] = {};
  const tranche = typedMoney(after.trancheSize);
  if (differs('trancheSize') && tranche !== undefined) policy.trancheSize = tranche;
  if (differs('leaseTtlSeconds')) policy.leaseTtlSeconds = Number(after.leaseTtlSeconds);
  if (differs('graceSeconds')) policy.graceSeconds = Number(after.graceSeconds);
  if (differs('expiry')) policy.expiry = after.expiry;
  if (differs('maxOpenLeases')) policy.maxOpenLeases = Number(after.maxOpenLeases);
  if (differs('reportIntervalSeconds'))
    policy.reportIntervalSeconds = Number(after.reportIntervalSeconds);
  if (differs('environment')) policy.environment = after.environment;
  if (differs('senderBinding')) policy.senderBinding = after.senderBinding;
  if (differs('mode')) policy.mode = after.mode;
  if (differs('unbounded')) policy.unbounded = after.unbounded;
  if (differs('velocityLimit')) policy.velocityLimit = typedMoney(after.velocityLimit) ?? null;
  return {
    ...(differs('name') ? { name: after.name } : {}),
    ...(Object.keys(policy).length > 0 ? { policy } : {}),
  };
}
