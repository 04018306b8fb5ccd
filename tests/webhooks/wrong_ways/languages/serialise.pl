# Writes each body (base64, a line each) anew in Perl's ways: "line TAB what names it TAB base64".
use strict;
use warnings;
use JSON::PP;
use MIME::Base64;

my $at = 0;
while (my $line = <STDIN>) {
    my $v = JSON::PP->new->utf8->decode(decode_base64($line));
    my @made = (
        JSON::PP->new->utf8->canonical->encode($v),
        JSON::PP->new->ascii->canonical->encode($v),
        JSON::PP->new->utf8->canonical->pretty->encode($v),
        JSON::PP->new->ascii->canonical->pretty->encode($v),
        JSON::PP->new->utf8->canonical->encode($v->{data}),
        JSON::PP->new->utf8->canonical->space_after->encode($v),
        JSON::PP->new->ascii->canonical->space_after->encode($v),
        JSON::PP->new->utf8->canonical->indent->encode($v),
        JSON::PP->new->utf8->canonical->indent->space_after->encode($v),
        JSON::PP->new->latin1->canonical->encode($v),
    );
    print "$at\tPerl\t", encode_base64($_, ""), "\n" for @made;
    $at++;
}
