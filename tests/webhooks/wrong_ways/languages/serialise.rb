# Writes each body (base64, a line each) anew in Ruby's ways: "line TAB what names it TAB base64".
require "json"
require "base64"

def nonulls(v)
  v.is_a?(Hash) ? v.compact.transform_values { |x| nonulls(x) } : v
end

def sorted(v)
  v.is_a?(Hash) ? v.sort.to_h.transform_values { |x| sorted(x) } : v
end

STDIN.each_line.with_index do |line, at|
  body = Base64.decode64(line).force_encoding("UTF-8")
  v = JSON.parse(body)
  {
    "Ruby" => [
      JSON.pretty_generate(v), JSON.generate(v, ascii_only: true), JSON.generate(v, script_safe: true),
      v.to_json + "\n", JSON.generate(nonulls(v)), JSON.generate(sorted(v)), JSON.pretty_generate(v["data"]),
      v["data"].to_json, v.to_s,
      JSON.generate(v).gsub(/[<>&\u2028\u2029]/) { |c| format("\\u%04x", c.ord) },
    ],
    "JSON of JSON" => [JSON.generate(body)],
  }.each { |name, made| made.each { |text| puts "#{at}\t#{name}\t#{Base64.strict_encode64(text)}" } }
end
