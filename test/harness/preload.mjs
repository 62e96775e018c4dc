// @nestjs/throttler is CommonJS and requires Nest, which is ESM. Under jest that only works when Nest has been evaluated before.
import 'reflect-metadata';
import '@nestjs/common';
import '@nestjs/core';
