// The entry point `fastify-send-range/contract`.
export type { ContractSubject } from './contract/contract-subject.ts'
export { type ContractCase, sourceContract } from './contract/source-contract.ts'
