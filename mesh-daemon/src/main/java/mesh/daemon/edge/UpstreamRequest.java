package mesh.daemon.edge;

/**
 * A client's request as an upstream gets it: the canonical path and an allow-list of headers. The body belongs to the
 * exchange, which releases it when it ends, so a request can be sent again until then.
 *
 * @param id the exchange's, told to peers so that both logs tell one story
 */
record UpstreamRequest(String id, String path, String contentType, String accept, RequestBody body) {}
