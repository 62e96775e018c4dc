import { randomBytes } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { hash, verify } from '@node-rs/argon2';
import { BoundedQueue } from './domain/bounded-queue.js';

/** OWASP's parameters for argon2id, which is the library's default algorithm: 19 MiB, two passes, one lane. */
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** Hashing is slow on purpose; two at a time leave the other threads to the rest of the server. */
const LIMITS = { running: 2, waiting: 32 };

@Injectable()
export class Passwords implements OnModuleInit {
  private readonly queue = new BoundedQueue(LIMITS);
  private nobodysHash = '';

  async onModuleInit(): Promise<void> {
    this.nobodysHash = await hash(randomBytes(32), PARAMETERS);
  }

  /** @throws {AppError} RATE_LIMITED when too many wait */
  hash(password: string): Promise<string> {
    return this.queue.run(() => hash(password, PARAMETERS));
  }

  /**
   * @param stored `undefined` when there is no such user: takes as long, answers false
   * @throws {AppError} RATE_LIMITED when too many wait
   */
  async matches(password: string, stored: string | undefined): Promise<boolean> {
    const equal = await this.queue.run(() => verify(stored ?? this.nobodysHash, password));
    return stored !== undefined && equal;
  }
}
