# Evaluates a Vagrantfile without Vagrant, and prints as shell what its provisioners do: vagrant.rb VAGRANTFILE
# Knows what the example uses; anything else is an error.
require "shellwords"

class Machine
  attr_reader :script

  def initialize
    @script = +""
  end

  def vm = self
  def box=(name)
    raise "no name of a box: #{name.inspect}" unless name.match?(%r{\A\w+/\w+\z})
  end

  def hostname=(name)
    raise "no host name: #{name.inspect}" unless name.match?(/\A[a-z0-9.-]+\z/)
  end

  def network(kind, ip:)
    raise "no network of ours: #{kind} #{ip}" unless kind == "private_network" && ip.match?(/\A[0-9.]+\z/)
  end

  def provision(kind, **options)
    case kind
    when "file"
      raise "not there: #{options}" unless File.file?(options.fetch(:source))
      @script << "# #{File.basename(options.fetch(:source))}\n"
      @script << "cp /srv/mock-imds.deb #{options.fetch(:destination).shellescape}\n"
    when "shell"
      environment = options.fetch(:env).map { |name, value| "#{name}=#{value.shellescape}" }
      text = File.read(options.fetch(:path))
      @script << "#{environment.join(' ')} sh -s <<'END-OF-PROVISIONER'\n#{text}END-OF-PROVISIONER\n"
    else
      raise "an unknown provisioner: #{kind}"
    end
  end
end

module Vagrant
  def self.configure(version)
    raise "an unknown version: #{version}" unless version == "2"
    yield machine = Machine.new
    print machine.script
  end
end

load File.expand_path(ARGV.fetch(0))
