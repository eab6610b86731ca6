package io.sluice.gateway.filter;

import io.sluice.api.Filter;

/**
 * A filter with the name that logs and errors call it by.
 *
 * @param name as in the configuration
 */
public record NamedFilter(String name, Filter filter) {}
