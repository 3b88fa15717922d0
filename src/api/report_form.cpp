// SPDX-License-Identifier: Apache-2.0
#include "api/report_form.h"

#include <utility>

#include <fmt/format.h>

#include "base/texts.h"

namespace phendau::api {
namespace {

std::string label(std::string_view id) { return html_text(tr(Lang::vi, id)); }

std::string shell(std::string_view body) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"vi\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
      "<meta name=\"robots\" content=\"noindex\"><title>{}</title>"
      "<link rel=\"icon\" href=\"/mark.svg\"><link rel=\"stylesheet\" href=\"/bao-su-co.css\"></head>"
      "<body><main>{}</main></body></html>\n",
      label("form.title"), body);
}

constexpr struct {
  std::string_view name;
  std::string_view text_id;
  std::string_view hint_id;
  std::string_view type;  // of the input; "lines": a text area
  int length_max;
  bool required;
  std::string_view autocomplete;
} kFields[] = {
    {"title", "form.what", "form.what_hint", "text", 200, true, "off"},
    {"where", "form.where", "", "text", 300, false, "off"},
    {"found_at", "form.found_at", "", "datetime-local", 0, false, "off"},
    {"text", "form.text", "", "lines", 4000, false, "off"},
    {"done", "form.done", "", "lines", 2000, false, "off"},
    {"reporter_name", "form.name", "", "text", 100, false, "name"},
    {"reporter_unit", "form.unit", "", "text", 200, false, "organization"},
    {"phone", "form.phone", "", "tel", 30, false, "tel"},
    {"email", "form.email", "", "email", 254, false, "email"},
};

std::string field_html(std::size_t at, const Json& fields) {
  const auto& field = kFields[at];
  std::string out = fmt::format("<label for=\"{0}\">{1}", field.name, label(field.text_id));
  if (!field.required) out += fmt::format(" <small>{}</small>", label("form.optional"));
  out += "</label>";
  std::string more = field.required ? " required" : "";
  if (!field.hint_id.empty()) {
    out += fmt::format("<p class=\"hint\" id=\"{}-hint\">{}</p>", field.name, label(field.hint_id));
    more += fmt::format(" aria-describedby=\"{}-hint\"", field.name);
  }
  if (field.length_max > 0) more += fmt::format(" maxlength=\"{}\"", field.length_max);
  const std::string value = html_text(fields[field.name].as_string());
  if (field.type == "lines")
    return out + fmt::format("<textarea id=\"{0}\" name=\"{0}\" rows=\"3\"{1}>\n{2}</textarea>", field.name,
                             more, value);
  return out +
         fmt::format("<input id=\"{0}\" name=\"{0}\" type=\"{1}\" autocomplete=\"{2}\" value=\"{3}\"{4}>",
                     field.name, field.type, field.autocomplete, value, more);
}

std::string agency_html(const ReportForm& form) {
  const std::string& chosen = form.fields["agency_id"].as_string();
  std::string out =
      fmt::format("<label for=\"agency_id\">{}</label><select id=\"agency_id\" name=\"agency_id\">",
                  label("form.agency"));
  out += fmt::format("<option value=\"\">{}</option>", label("form.agency_none"));
  for (const auto& one : form.choices) {
    out += fmt::format("<option value=\"{}\"{}>{}</option>", html_text(one.id),
                       one.id == chosen ? " selected" : "", html_text(one.name));
  }
  return out + "</select>";
}

std::string about_html(const Json& fields) {
  std::string out = fmt::format("<fieldset><legend>{}</legend>", label("form.about"));
  const bool risk = fields["about"].as_string() == "risk";
  for (const auto& [value, text_id] :
       {std::pair{"incident", "form.about_incident"}, std::pair{"risk", "form.about_risk"}}) {
    out +=
        fmt::format("<label class=\"radio\"><input type=\"radio\" name=\"about\" value=\"{}\"{}> {}</label>",
                    value, risk == (std::string_view(value) == "risk") ? " checked" : "", label(text_id));
  }
  return out + "</fieldset>";
}

std::string calls_html(const hub::IncidentReports::Received& received) {
  if (received.calls.empty()) return {};
  std::string out =
      fmt::format("<p>{}</p><ul id=\"calls\">", html_text(tr(Lang::vi, "form.call", {received.agency_name})));
  for (const auto& call : received.calls) {
    std::string dialled;  // what stands beside the number is for people
    for (const char c : call.number) {
      if ((c >= '0' && c <= '9') || (c == '+' && dialled.empty())) dialled += c;
    }
    out += fmt::format("<li>{}: <a href=\"tel:{}\">{}</a></li>", html_text(call.title), dialled,
                       html_text(call.number));
  }
  return out + "</ul>";
}

}  // namespace

std::string html_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string report_member_name(std::string_view member) {
  if (member == "agency_id") return tr(Lang::vi, "form.agency");
  if (member == "about") return tr(Lang::vi, "form.about");
  for (const auto& field : kFields) {
    if (field.name == member) return tr(Lang::vi, field.text_id);
  }
  return std::string(member);
}

std::string report_form_page(const ReportForm& form) {
  std::string body = fmt::format("<h1>{}</h1><p>{}</p><p class=\"note\">{}</p>", label("form.title"),
                                 label("form.lead"), label("form.advice"));
  if (!form.problem.empty())
    body += fmt::format("<p class=\"problem\" role=\"alert\" id=\"problem\">{}</p>", html_text(form.problem));
  body += "<form method=\"post\" action=\"/bao-su-co-nhanh\" accept-charset=\"utf-8\">";
  body += fmt::format("<input type=\"hidden\" name=\"once\" value=\"{}\">",
                      html_text(form.fields["once"].as_string()));
  body += agency_html(form) + about_html(form.fields);
  for (std::size_t i = 0; i < std::size(kFields); ++i) body += field_html(i, form.fields);
  body += fmt::format("<p class=\"hint\">{}</p><button type=\"submit\">{}</button></form>",
                      label("form.secret"), label("form.send"));
  return shell(body);
}

std::string report_receipt_page(const hub::IncidentReports::Received& received) {
  std::string body =
      fmt::format("<h1>{}</h1><p class=\"number\" id=\"number\">{}</p><p>{}</p>", label("form.sent"),
                  html_text(tr(Lang::vi, "form.number", {received.number})), label("form.number_hint"));
  body += calls_html(received);
  if (received.by_mail) body += fmt::format("<p>{}</p>", label("form.by_mail"));
  body += fmt::format("<p class=\"note\">{}</p><p><a href=\"/bao-su-co-nhanh\">{}</a></p>",
                      label("form.advice"), label("form.again"));
  return shell(body);
}

std::string report_closed_page(std::string_view text) {
  return shell(fmt::format("<h1>{}</h1><p class=\"problem\">{}</p>", label("form.title"), html_text(text)));
}

}  // namespace phendau::api
