import type { Load } from './protocol.ts'
import type { Question } from './request-maker.ts'

/** A connection that sends one request at a time and checks each answer at low cost. */
export interface Client {
  /** Sends a request. The answer before it must have come. */
  ask(question: Question): void
  close(): void
}

/** The events of a {@link Client}. */
export interface ClientEvents {
  onAnswer(client: Client): void
  onFailure(error: Error): void
}

/** Where a client connects to, and what it sends with each request. */
export type Target = Pick<Load, 'port' | 'headers' | 'transport'>
