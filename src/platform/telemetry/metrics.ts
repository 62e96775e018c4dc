import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** The process's own figures, for Prometheus. Names end in their unit; labels have few values. */
export class Metrics {
  private readonly registry = new Registry();

  gauge<Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[] = [],
  ): Gauge<Label> {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }

  counter<Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[] = [],
  ): Counter<Label> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  histogram(name: string, help: string, buckets: readonly number[]): Histogram {
    return new Histogram({ name, help, buckets: [...buckets], registers: [this.registry] });
  }

  print(): Promise<string> {
    return this.registry.metrics();
  }
}
