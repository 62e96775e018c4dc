import { hash, timingSafeEqual } from 'node:crypto';
import { Controller, Header, Inject, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AppError } from '../../kernel/errors.js';
import { CONFIG, type Config } from '../config/index.js';
import { Metrics } from '../telemetry/index.js';
import { Handles } from './handles.js';
import { metrics } from './health.contract.js';

const LOOPBACK = /^(127\.|::1$|::ffff:127\.)/;

/** Figures say how busy a company is: they are for its own Prometheus. */
@Controller()
export class MetricsController {
  constructor(
    private readonly metrics: Metrics,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Handles(metrics)
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  print(@Req() request: FastifyRequest): Promise<string> {
    if (!this.allowed(request)) {
      throw new AppError(
        'FORBIDDEN',
        'Metrics are for this machine, or for who sends "Authorization: Bearer" with IRON_CAGE_METRICS_TOKEN.',
      );
    }
    return this.metrics.print();
  }

  private allowed(request: FastifyRequest): boolean {
    const { metricsToken } = this.config;
    if (metricsToken === undefined) return LOOPBACK.test(request.ip);
    const given = hash('sha256', request.headers.authorization ?? '', 'buffer');
    return timingSafeEqual(given, hash('sha256', `Bearer ${metricsToken}`, 'buffer'));
  }
}
