// @nestjs/throttler is CommonJS and requires Nest, which is ESM: jest can do that only once Nest has been loaded as a whole.
import 'reflect-metadata';
import '@nestjs/common';
import '@nestjs/core';
