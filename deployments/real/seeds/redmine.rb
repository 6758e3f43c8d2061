# frozen_string_literal: true

# Seed of a private Redmine: REST on, one project, its custom fields, three users.
# Run by `rails runner`; writes API keys and ids as JSON to the file named by
# SYNCLINE_SEED_OUTPUT.

require 'json'

def account(login, admin: false)
  user = User.find_or_initialize_by(login: login)
  user.firstname = login.capitalize
  user.lastname = 'Example'
  user.mail = "#{login}@example.test"
  user.language = 'en'
  user.admin = admin
  user.password = user.password_confirmation = "#{login}-password"
  user.must_change_passwd = false
  user.save!
  user.pref.update!(time_zone: 'UTC')
  user
end

def field(name, format, **options)
  field = IssueCustomField.find_or_initialize_by(name: name)
  field.assign_attributes(
    field_format: format, is_for_all: true, is_filter: true, visible: true, **options
  )
  field.trackers = Tracker.all.to_a
  field.save!
  field
end

# Roles, trackers, statuses, priorities and the workflow, as Redmine ships them.
Redmine::DefaultData::Loader.load('en') if Redmine::DefaultData::Loader.no_data?

Setting.rest_api_enabled = '1'
# Without it a request with a wrong key is served as an anonymous visitor's.
Setting.login_required = '1'
Setting.default_language = 'en'
# There is nowhere to mail to, and writing mails takes as long as everything else of a change.
Setting.notified_events = []
Setting.text_formatting = ENV.fetch('SYNCLINE_TEXT_FORMATTING')

admin = User.find_by!(login: 'admin')
admin.password = admin.password_confirmation = 'admin-password'
admin.must_change_passwd = false
admin.save!

project = Project.find_or_initialize_by(identifier: 'app')
project.name = 'APP'
project.is_public = false
project.enabled_module_names = %w[issue_tracking]
project.trackers = Tracker.all.to_a
project.save!

users = {
  'syncline' => account('syncline', admin: true),
  'ann' => account('ann'),
  'bob' => account('bob')
}
roles = { 'syncline' => 'Manager', 'ann' => 'Manager', 'bob' => 'Developer' }
roles.each do |login, role|
  next if Member.exists?(project: project, principal: users[login])

  Member.create!(project: project, principal: users[login], roles: [Role.find_by!(name: role)])
end

fields = [
  field('ExternalKey', 'string', searchable: true),
  field('Severity', 'list', possible_values: %w[low medium high urgent]),
  field('Labels', 'list', multiple: true,
                          possible_values: %w[billing bug customer docs export login performance
                                              regression security vip])
]

File.write(
  ENV.fetch('SYNCLINE_SEED_OUTPUT'),
  {
    api_keys: users.transform_values(&:api_key),
    custom_fields: fields.to_h { |f| [f.name, f.id] },
    text_formatting: Setting.text_formatting
  }.to_json,
  perm: 0o600
)
