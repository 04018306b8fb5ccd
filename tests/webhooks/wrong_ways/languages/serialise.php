<?php
// Writes each body (base64, a line each) anew in PHP's ways: "line TAB what names it TAB base64".
function sorted($v) { if (is_array($v)) { ksort($v); return array_map('sorted', $v); } return $v; }
$at = 0;
while (($line = fgets(STDIN)) !== false) {
    $body = base64_decode($line);
    $v = json_decode($body, true);
    $flags = [
        0, JSON_UNESCAPED_SLASHES, JSON_UNESCAPED_UNICODE, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE,
        JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_LINE_TERMINATORS, JSON_PRETTY_PRINT,
        JSON_PRETTY_PRINT | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE, JSON_PRETTY_PRINT | JSON_UNESCAPED_SLASHES,
        JSON_HEX_TAG | JSON_HEX_APOS | JSON_HEX_AMP | JSON_HEX_QUOT, JSON_PRETTY_PRINT | JSON_UNESCAPED_UNICODE,
    ];
    $made = [];
    foreach ($flags as $f) { $made[] = json_encode($v, $f); }
    $made[] = json_encode(sorted($v));
    $made[] = json_encode(sorted($v), JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE);
    $made[] = json_encode(json_decode($body));
    $made[] = json_encode($v['data']);
    $made[] = json_encode($v['data'], JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE);
    $d = $v; $d['data'] = array_filter($v['data']);
    $made[] = json_encode($d);
    $made[] = http_build_query($v);
    $made[] = http_build_query($v['data']);
    $made[] = http_build_query($v, '', '&', PHP_QUERY_RFC3986);
    $made[] = print_r($v, true);
    $made[] = print_r(json_decode($body), true);
    $made[] = var_export($v, true);
    $made[] = var_export(json_decode($body), true);
    for ($f = 1; $f < 16; $f++) {
        $hex = ($f & 1 ? JSON_HEX_TAG : 0) | ($f & 2 ? JSON_HEX_APOS : 0) | ($f & 4 ? JSON_HEX_AMP : 0)
            | ($f & 8 ? JSON_HEX_QUOT : 0);
        foreach ([0, JSON_UNESCAPED_SLASHES, JSON_UNESCAPED_UNICODE] as $more) {
            $made[] = json_encode($v, $hex | $more);
        }
    }
    $made[] = json_encode($v, JSON_NUMERIC_CHECK);
    $made[] = json_encode($v, JSON_NUMERIC_CHECK | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE);
    foreach ([FILTER_SANITIZE_FULL_SPECIAL_CHARS, FILTER_SANITIZE_SPECIAL_CHARS] as $filter) {
        $d = $v;
        array_walk_recursive($d, function (&$t) use ($filter) { if (is_string($t)) { $t = filter_var($t, $filter); } });
        $made[] = json_encode($d);
    }
    $out = array_map(fn ($text) => ['PHP', $text], $made);
    $out[] = ['JSON of JSON', json_encode($body)];
    $out[] = ['HTML', htmlspecialchars($body)];
    $out[] = ['addslashes', addslashes($body)];
    $out[] = ['stripslashes', stripslashes($body)];
    $out[] = ['tags', strip_tags($body)];
    $out[] = ['URL', rawurlencode($body)];
    $out[] = ['form', urlencode($body)];
    $out[] = ['base64', base64_encode($body)];
    $out[] = ['Latin-1', mb_convert_encoding_or_null($body)];
    foreach ($out as [$name, $text]) {
        if ($text !== null) { echo $at, "\t", $name, "\t", base64_encode($text), "\n"; }
    }
    $at++;
}
function mb_convert_encoding_or_null($body) { return @iconv('ISO-8859-1', 'UTF-8', $body) ?: null; }
